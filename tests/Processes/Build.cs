using Launcher;

namespace Processes;

/// <summary>Where the programs under test were built: in the configuration that this library was built in.</summary>
public static class Build
{
#if DEBUG
    private const string Configuration = "Debug";
#else
    private const string Configuration = "Release";
#endif

    public static string Root { get; } = Repository.FindRoot();

    /// <summary>The proxy; <c>CACHEPROXY_PROGRAM</c> names another build, for instance the native one.</summary>
    internal static IReadOnlyList<string> Proxy =>
        Environment.GetEnvironmentVariable("CACHEPROXY_PROGRAM") is { Length: > 0 } program ? Command(program) : Command(Output("CacheProxy"));

    internal static IReadOnlyList<string> Backend => Command(Output("ModelsBackend"));

    internal static IReadOnlyList<string> Sample(string project) => Command(Output(project, "samples"));

    internal static IReadOnlyList<string> Command(string program) =>
        program.EndsWith(".dll", StringComparison.Ordinal) ? [DotnetHost.Path, program] : [program];

    private static string Output(string project, string folder = "src") =>
        Path.Combine(Root, folder, project, "bin", Configuration, "net10.0", project + ".dll");
}
