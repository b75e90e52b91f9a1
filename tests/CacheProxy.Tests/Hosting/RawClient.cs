using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.Tests.Hosting;

/// <summary>A client that sends exactly the bytes it is given.</summary>
internal static class RawClient
{
    /// <summary>Sends the bytes and reads until the server closes, or until the answer has ended.</summary>
    public static async Task<string> SendAsync(Uri server, string request, TimeSpan? patience = null)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var deadline = new CancellationTokenSource(patience ?? TimeSpan.FromSeconds(10), TimeProvider.System);
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await stream.ReadAsync(buffer, deadline.Token) is > 0 and var read) answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            answer.Append("<closed>");
        }
        catch (OperationCanceledException)
        {
            answer.Append("<open>");
        }
        catch (IOException)
        {
            answer.Append("<reset>");
        }

        return answer.ToString();
    }
}
