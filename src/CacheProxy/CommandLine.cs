using CacheProxy.Configuration;
using CacheProxy.Hosting.Commands;
using CacheProxy.Hosting.Commands.Doctor;
using Microsoft.Extensions.FileProviders;

namespace CacheProxy;

/// <summary>The commands beside running the proxy.</summary>
internal static class CommandLine
{
    /// <summary>Runs the command that the arguments name.</summary>
    /// <returns>Its exit code; <see langword="null"/> when the proxy is to run.</returns>
    public static async Task<int?> TryRunAsync(string[] args)
    {
        if (args is ["--version", ..]) return await VersionCommand.RunAsync(Console.Out);
        if (args is ["--help" or "-h" or "help", ..]) return await HelpCommand.RunAsync(Console.Out);
        if (args is not [var command, ..] || command.StartsWith('-')) return null;
        var rest = args[1..];
        var environment = new CommandEnvironment();
        switch (command)
        {
            case "check": return ConfigurationCommands.Check(environment, rest, Console.Out, Console.Error);
            case "policies": return ConfigurationCommands.Policies(environment, rest, Console.Out, Console.Error);
            case "health": return await HealthCommand.RunAsync(Settings(environment, rest), Console.Out, Console.Error);
            case "token": return await TokenCommand.RunAsync(rest, Settings(environment), Console.Out, Console.Error, TimeProvider.System);
            case "explain": return await ExplainCommand.RunAsync(rest, Settings(environment), Console.Out, Console.Error, TimeProvider.System);
            case "purge": return await PurgeCommand.RunAsync(rest, Settings(environment), Console.Out, Console.Error, TimeProvider.System);
            case "doctor": return await DoctorCommand.RunAsync(environment, rest, Console.Out, Console.Error, TimeProvider.System);
            default:
                await Console.Error.WriteLineAsync($"'{command}' is no command. Known are check, policies, token, health, explain, purge, doctor, --help and --version; without one the proxy runs.");
                return 1;
        }
    }

    // Those whose own arguments are no settings are given none.
    private static ConfigurationRoot Settings(CommandEnvironment environment, params string[] args)
    {
        var builder = new ConfigurationBuilder();
        builder.UseSources(environment, args);
        return (ConfigurationRoot)builder.Build();
    }

    /// <summary>Where a command runs: the same names and places as the proxy's own host.</summary>
    private sealed class CommandEnvironment : IHostEnvironment
    {
        public string EnvironmentName { get; set; } =
            Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") ?? Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") ?? Environments.Production;

        public string ApplicationName { get; set; } = "CacheProxy";

        public string ContentRootPath { get; set; } = Directory.GetCurrentDirectory();

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
