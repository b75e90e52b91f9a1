using Launcher;

namespace Processes;

/// <summary>A command of the proxy's program, run to its end.</summary>
public static class ProxyCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    /// <param name="arguments">The command and what follows it.</param>
    /// <param name="environment">Added to ours; null removes a variable.</param>
    /// <returns>Its exit code, and the last lines that it printed.</returns>
    public static async Task<(int Exit, string Output)> RunAsync(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        await using var child = ChildProcess.Start(
            $"the command {string.Join(' ', arguments)}", [.. Build.Proxy, .. arguments], environment, RunningProcess.LogFile("command"), Build.Root);
        await child.WaitAsync().WaitAsync(Limit);
        return (child.ExitCode, string.Join('\n', child.LastLines));
    }
}
