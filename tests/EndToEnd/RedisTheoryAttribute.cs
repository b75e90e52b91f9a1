using Processes;

namespace EndToEnd;

/// <summary>A theory that needs <c>redis-server</c>; skipped, and counted as such, where there is none.</summary>
public sealed class RedisTheoryAttribute : TheoryAttribute
{
    public RedisTheoryAttribute()
    {
        if (!RedisServer.IsInstalled)
            Skip = "redis-server is not on PATH: install Debian's redis-server";
    }
}
