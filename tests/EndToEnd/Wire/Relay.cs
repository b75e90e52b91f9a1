using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Wire;

/// <summary>Stands between a client and a server: slows down what the server says, changes what it is asked, or swallows what it pushes.</summary>
internal sealed class Relay : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentBag<TcpClient> _open = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _port;

    public Relay(int port)
    {
        _port = port;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => string.Create(CultureInfo.InvariantCulture, $"{_listener.LocalEndpoint}");

    /// <summary>How late each piece of the server's comes.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>What is done to each piece of the client's before it is sent on; in place.</summary>
    public Action<Memory<byte>>? Change { get; set; }

    /// <summary>
    /// While it is set, nothing goes either way on connections that ever subscribed to anything: they hang without an end, as after a
    /// firewall forgot them. Pieces that come meanwhile are lost.
    /// </summary>
    public bool SwallowsSubscriptions { get; set; }

    public void Dispose()
    {
        _stopping.Cancel();
        _listener.Dispose();
        foreach (var client in _open) client.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token));
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        _open.Add(client);
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _port, _stopping.Token);
                var link = new Link();
                await Task.WhenAny(CopyAsync(client, server, link, fromServer: false), CopyAsync(server, client, link, fromServer: true));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One of them went.
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, Link link, bool fromServer)
    {
        var buffer = new byte[16 * 1_024];
        try
        {
            for (int read; (read = await from.GetStream().ReadAsync(buffer, _stopping.Token)) > 0;)
            {
                var piece = buffer.AsMemory(0, read);
                if (!fromServer && piece.Span.IndexOf("SUBSCRIBE"u8) >= 0) link.Subscribes = true;
                if (SwallowsSubscriptions && link.Subscribes) continue;
                if (!fromServer) Change?.Invoke(piece);
                if (fromServer && Delay > TimeSpan.Zero) await Task.Delay(Delay, TimeProvider.System, _stopping.Token);
                await to.GetStream().WriteAsync(piece, _stopping.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One of them went.
        }
    }

    /// <summary>What is known of one connection.</summary>
    private sealed class Link
    {
        public volatile bool Subscribes;
    }
}
