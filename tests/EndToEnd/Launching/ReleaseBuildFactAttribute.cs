using Launcher;
using Processes;

namespace EndToEnd.Launching;

/// <summary>A test that starts what the launcher starts: the Release build, which a Debug run of the tests may not have.</summary>
public sealed class ReleaseBuildFactAttribute : FactAttribute
{
    public ReleaseBuildFactAttribute()
    {
        // What is tested is that nothing is built again. test.sh builds Release first; whoever runs these in Debug has a counted skip.
        if (!new SourceBuild(Build.Root).Exists)
            Skip = "src/CacheProxy and src/ModelsBackend have no Release build: dotnet build -c Release";
    }
}
