namespace CacheProxy.Hosting.Listeners;

/// <summary>
/// Where a socket's completion is worked on. .NET hands it from the thread that waits for events to the pool, which on one core is a detour
/// of a quarter of a hit's time (docs/decisions/0007).
/// </summary>
internal static class SocketCompletions
{
    // Read by .NET when the process opens its first socket.
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Where there is one core, completions are worked on where they arrive; unless the operator has said what is to be.</summary>
    public static void WhereTheyArriveOnOneCore()
    {
        if (Environment.ProcessorCount == 1 && Environment.GetEnvironmentVariable(Variable) is null)
            Environment.SetEnvironmentVariable(Variable, "1");
    }
}
