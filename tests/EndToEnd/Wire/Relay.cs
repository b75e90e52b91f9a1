using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Wire;

/// <summary>Stands between a client and a server, and slows down what the server says.</summary>
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
                await Task.WhenAny(CopyAsync(client, server, late: false), CopyAsync(server, client, late: true));
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // One of them went.
            }
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool late)
    {
        var buffer = new byte[16 * 1_024];
        try
        {
            for (int read; (read = await from.GetStream().ReadAsync(buffer, _stopping.Token)) > 0;)
            {
                if (late && Delay > TimeSpan.Zero) await Task.Delay(Delay, TimeProvider.System, _stopping.Token);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stopping.Token);
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or InvalidOperationException)
        {
            // One of them went.
        }
    }
}
