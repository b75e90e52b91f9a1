using Microsoft.AspNetCore.Connections;

namespace CacheProxy.Hosting.Listeners;

/// <summary>
/// How many connections clients may have open: as many as the process can open files for, with one to the origin for each. Without files the
/// runtime cannot start a thread, and ends the process; so what is too much is closed as soon as it is accepted. Operators are not counted.
/// </summary>
internal sealed partial class ConnectionCap(ILogger<ConnectionCap> logger)
{
    /// <summary>Assemblies, libraries, listeners, logs, Redis.</summary>
    private const int FilesOfOurOwn = 512;

    private const int Least = 64;
    private readonly int _most = MostOf(OpenFiles.RaiseLimit());
    private int _open;
    private int _told;

    /// <summary>Serves a connection, or lets it go.</summary>
    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        try
        {
            if (Interlocked.Increment(ref _open) <= _most) await next(connection);
            else if (Interlocked.Exchange(ref _told, 1) == 0) LogFull(logger, _most);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    /// <summary>The bound that a limit of open files gives; none where there is none.</summary>
    internal static int MostOf(long? files) => files is { } known ? (int)Math.Clamp((known - FilesOfOurOwn) / 2, Least, int.MaxValue) : int.MaxValue;

    [LoggerMessage(6501, LogLevel.Warning, "Clients have {Connections} connections open, all that the limit of open files allows; more are closed at once (said only once). Raise the limit: ulimit -n, LimitNOFILE, --ulimit nofile.")]
    private static partial void LogFull(ILogger logger, int connections);
}
