using System.Globalization;
using System.Net.Sockets;
using Launcher;

namespace Processes;

/// <summary>A <c>redis-server</c> on a free port of 127.0.0.1 that keeps nothing on disk.</summary>
public sealed class RedisServer : RunningProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private RedisServer(ChildProcess child, int port) : base(child) => Port = port;

    public int Port { get; }

    /// <summary>What <c>ConnectionStrings:Redis</c> takes.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Whether this machine has one; tests that need it are skipped otherwise, with this reason.</summary>
    public static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "redis-server")));

    /// <param name="port">The port of one that ended before, to come back as it; null for a free one.</param>
    /// <param name="arguments">Further arguments of <c>redis-server</c>.</param>
    public static async Task<RedisServer> StartAsync(int? port = null, params IReadOnlyList<string> arguments)
    {
        var chosen = port ?? Ports.Free();
        var number = chosen.ToString(CultureInfo.InvariantCulture);
        var folder = Directory.CreateTempSubdirectory("cacheproxy-redis-").FullName;
        var child = ChildProcess.Start(
            $"redis-server on port {chosen}",
            ["redis-server", "--port", number, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder, .. arguments],
            new Dictionary<string, string?>(), LogFile("redis"), folder);
        return await WhenReadyAsync(
            new RedisServer(child, chosen),
            Poll.UntilAsync(() => AnswersAsync(chosen), Limit, () => $"{child.Name} did not answer: {string.Join('\n', child.LastLines)}"));
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray());
            var reply = new byte[5];
            await stream.ReadExactlyAsync(reply);
            return reply.AsSpan().SequenceEqual("+PONG"u8);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
