using System.Globalization;
using Garnet;

namespace Launcher;

/// <summary>
/// A Redis-compatible server in this process (Microsoft.Garnet), for development on a machine that has no Redis.
/// It keeps nothing over a restart, drops what was written longest ago when it is full, and is not meant for production.
/// </summary>
internal sealed class EmbeddedRedis : IDisposable
{
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);
    private readonly GarnetServer _server;

    private EmbeddedRedis(GarnetServer server) => _server = server;

    /// <summary>Starts it on 127.0.0.1 and returns once it listens.</summary>
    /// <exception cref="LaunchException">It could not start, for instance because the port is taken.</exception>
    public static EmbeddedRedis Start(int port)
    {
        string[] arguments =
        [
            "-q",
            "--bind", "127.0.0.1",
            "--port", port.ToString(CultureInfo.InvariantCulture),
            "--lua",
            // Without it scripts are not atomic: two appends to the log could get the same number.
            "--lua-transaction-mode",
            "--memory", "256m",
            "--page", "1m",
            "--index", "16m",
            "--mutable-percent", "50",
            "--use-native-allocator",
        ];
        try
        {
            var server = new GarnetServer(arguments);
            server.Start();
            return new EmbeddedRedis(server);
        }
        catch (Exception e)
        {
            throw new LaunchException(
                $"The embedded Redis-compatible server could not start on 127.0.0.1:{port}: {e.Message} " +
                "Choose another port with --redis-port, or set REDIS_URL to a Redis of your own.", e);
        }
    }

    /// <summary>
    /// Ends it, or leaves it behind after a few seconds: it waits for its sessions, and one that hangs would hold up the end of the
    /// process. It keeps nothing that would be lost.
    /// </summary>
    public void Dispose() => Task.Run(_server.Dispose).Wait(EndLimit);
}
