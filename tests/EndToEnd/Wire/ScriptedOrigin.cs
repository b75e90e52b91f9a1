using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Wire;

/// <summary>What the origin does with a request.</summary>
public delegate Task OriginScript(SeenRequest request, OriginConnection connection);

/// <summary>
/// An origin on a raw socket: it says exactly what a test wants, broken or not, and keeps every request. It reads strictly, so that what two
/// servers could read differently shows as <see cref="Violations"/>. Thread-safe.
/// </summary>
public sealed class ScriptedOrigin : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<string, OriginScript> _scripts = new();
    private readonly ConcurrentDictionary<string, int> _numbers = new();
    private readonly ConcurrentQueue<SeenRequest> _seen = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<TcpClient, byte> _open = new();
    private readonly CancellationTokenSource _stopping = new();

    public ScriptedOrigin(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start(4_096);
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    public Uri Url => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}"));

    /// <summary>What came and was no strict HTTP/1.1 request: never anything, whatever clients send to the proxy.</summary>
    public IReadOnlyList<string> Violations => [.. _violations];

    public IReadOnlyList<SeenRequest> All => [.. _seen];

    /// <summary>How many connections are open to it now.</summary>
    public int OpenConnections => _open.Count;

    /// <summary>What is done with requests whose path begins so; of several the longest.</summary>
    public void On(string path, OriginScript script) => _scripts[path] = script;

    /// <summary>The requests whose path begins so.</summary>
    public IReadOnlyList<SeenRequest> Seen(string path) => [.. _seen.Where(request => request.Path.StartsWith(path, StringComparison.Ordinal))];

    public int Count(string path) => Seen(path).Count;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        foreach (var client in _open.Keys) client.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException or OperationCanceledException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        _open[client] = 0;
        client.NoDelay = true;
        var connection = new OriginConnection(client);
        try
        {
            var reader = new WireReader(client.GetStream());
            while (!connection.IsClosed && await reader.ReadHeadAsync(_stopping.Token) is { } head)
            {
                var request = await ReadAsync(reader, head);
                if (request is null) return;
                _seen.Enqueue(request);
                await ScriptFor(request.Path)(request, connection);
            }
        }
        catch (InvalidDataException exception)
        {
            _violations.Enqueue(exception.Message);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The proxy hung up, or the test is over.
        }
        finally
        {
            _open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private async Task<SeenRequest?> ReadAsync(WireReader reader, string head)
    {
        var bare = new SeenRequest(head, [], 0);
        if (bare.Target.Length == 0 || bare.Fields.Any(static field => field.Name.Any(static c => c is <= ' ' or >= '\x7f'))) throw new InvalidDataException($"No request: {head}");
        string[] lengths = [.. bare.Fields.Where(static field => field.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)).Select(static field => field.Value)];
        var coding = bare["Transfer-Encoding"];
        if (lengths.Length > 1 || (lengths.Length > 0 && coding is not null)) throw new InvalidDataException($"Two framings: {head}");
        byte[] body = [];
        if (coding is not null)
        {
            if (!coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)) throw new InvalidDataException($"Transfer-Encoding: {coding}");
            using var all = new MemoryStream();
            await reader.ReadChunkedAsync(all, _stopping.Token);
            body = all.ToArray();
        }
        else if (lengths is [var length])
        {
            if (!long.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)) throw new InvalidDataException($"Content-Length: {length}");
            body = await reader.ReadExactlyAsync(bytes, _stopping.Token);
        }
        var number = _numbers.AddOrUpdate(bare.Target, 1, static (_, known) => known + 1);
        return bare with { Body = body, Number = number };
    }

    private OriginScript ScriptFor(string path) =>
        _scripts.Where(script => path.StartsWith(script.Key, StringComparison.Ordinal)).OrderByDescending(static script => script.Key.Length).Select(static script => script.Value).FirstOrDefault()
            ?? Echo;

    private static Task Echo(SeenRequest request, OriginConnection connection) => connection.AnswerAsync($"{request.Target} {request.Number}");
}
