using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.Tests.StockDefects;

/// <summary>An origin on a raw socket: it says exactly what a test wants, broken or not, and counts the requests.</summary>
internal sealed class RawOrigin : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<string, NetworkStream, Task> _answer;
    private int _requests;

    /// <param name="answer">Gets the request's first line and the connection; the connection is closed when it ends.</param>
    public RawOrigin(Func<string, NetworkStream, Task> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Requests => Volatile.Read(ref _requests);

    public string Address => $"http://{_listener.LocalEndpoint}/";

    public static ValueTask SayAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text));

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception exception) when (exception is ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var line = await reader.ReadLineAsync() ?? "";
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                }
                Interlocked.Increment(ref _requests);
                await _answer(line, stream);
            }
            catch (IOException)
            {
                // The proxy hung up.
            }
        }
    }
}
