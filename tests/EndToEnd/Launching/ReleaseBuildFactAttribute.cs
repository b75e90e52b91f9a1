using Launcher;
using Processes;

namespace EndToEnd.Launching;

/// <summary>A test that starts what the launcher starts: the Release build, which a Debug run of the tests may not have.</summary>
public sealed class ReleaseBuildFactAttribute : FactAttribute
{
    public ReleaseBuildFactAttribute()
    {
        // test.sh builds Release before it runs any test; whoever runs these alone, in Debug, has a counted skip that says what to build.
        if (!new SourceBuild(Build.Root).Exists)
            Skip = "src/CacheProxy and src/ModelsBackend have no Release build: dotnet build -c Release";
    }
}
