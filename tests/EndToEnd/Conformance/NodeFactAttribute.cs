namespace EndToEnd.Conformance;

/// <summary>A test that needs <c>node</c> and <c>npm</c>; skipped, and counted as such, where they are not.</summary>
public sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute()
    {
        // The suite is a program for node. test.sh installs it where there is apt-get; elsewhere a skip is counted and says what to install.
        if (!IsOnPath("node") || !IsOnPath("npm")) Skip = "node and npm are not on PATH: install Node.js 18 or later";
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, program)));
}
