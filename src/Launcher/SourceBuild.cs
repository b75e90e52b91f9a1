namespace Launcher;

/// <summary>
/// Builds the proxy and the backend once, in Release, and not at all when nothing has changed since: asking MSBuild
/// costs seconds on every start, comparing write times costs milliseconds.
/// </summary>
internal sealed class SourceBuild(string root)
{
    private static readonly string[] Folders = ["src/CacheProxy.Client", "src/CacheProxy.Engine", "src/CacheProxy", "src/ModelsBackend"];
    private static readonly string[] SharedFiles = ["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "BannedSymbols.txt"];

    private string Stamp => Path.Combine(root, ".run", "built");

    public string Proxy => Output("CacheProxy");

    public string Backend => Output("ModelsBackend");

    /// <summary>Whether there is anything to start.</summary>
    public bool Exists => File.Exists(Proxy) && File.Exists(Backend);

    public bool IsUpToDate()
    {
        if (!File.Exists(Stamp) || !Exists)
            return false;
        var built = File.GetLastWriteTimeUtc(Stamp);
        return Folders.SelectMany(Inputs)
            .Concat(SharedFiles.Select(f => Path.Combine(root, f)).Where(File.Exists))
            .All(path => File.GetLastWriteTimeUtc(path) <= built);
    }

    /// <exception cref="LaunchException">The build failed; the message has the compiler's lines.</exception>
    public async Task RunAsync(TimeProvider time, Action<string> progress, CancellationToken stop)
    {
        var started = time.GetUtcNow().UtcDateTime;
        await using var build = ChildProcess.Start(
            "dotnet build",
            [DotnetHost.Path, "build", Path.Combine(root, "src/Launcher/run.slnf"), "-c", "Release", "--nologo", "-v", "minimal", "-tl:off"],
            new Dictionary<string, string?> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["MSBUILDDISABLENODEREUSE"] = "1" },
            Path.Combine(root, ".run/logs/build.log"),
            root,
            progress);
        await build.WaitAsync(stop);
        if (build.ExitCode != 0)
        {
            throw new LaunchException(
                $"The build failed (all of it is in .run/logs/build.log):\n{string.Join('\n', build.LastLines.TakeLast(15))}");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Stamp)!);
        await File.WriteAllTextAsync(Stamp, "", stop);
        // A file saved while the compiler ran counts as changed.
        File.SetLastWriteTimeUtc(Stamp, started);
    }

    private string Output(string project) => Path.Combine(root, "src", project, "bin/Release/net10.0", project + ".dll");

    // Folders too: their time moves when a file is deleted or renamed.
    private IEnumerable<string> Inputs(string folder)
    {
        var top = Path.Combine(root, folder);
        return Directory.EnumerateFileSystemEntries(top, "*", SearchOption.TopDirectoryOnly)
            .Where(p => Path.GetFileName(p) is not ("bin" or "obj" or "data"))
            .SelectMany(p => Directory.Exists(p) ? Directory.EnumerateFileSystemEntries(p, "*", SearchOption.AllDirectories).Append(p) : [p]);
    }
}
