using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace EndToEnd.Wire;

/// <summary>The origin's side of one connection.</summary>
public sealed class OriginConnection(TcpClient client)
{
    private readonly NetworkStream _stream = client.GetStream();

    public bool IsClosed { get; private set; }

    /// <summary>Exactly these bytes (Latin-1).</summary>
    public Task SayAsync(string text) => SayAsync(Encoding.Latin1.GetBytes(text));

    public Task SayAsync(ReadOnlyMemory<byte> bytes) => _stream.WriteAsync(bytes).AsTask();

    /// <summary>A whole, correct answer.</summary>
    public Task AnswerAsync(string body, string fields = "", string status = "200 OK") =>
        SayAsync(Head(Encoding.Latin1.GetByteCount(body), fields, status) + body);

    public static string Head(long length, string fields = "", string status = "200 OK") => string.Create(
        CultureInfo.InvariantCulture, $"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n{Lines(fields)}\r\n");

    public static string ChunkedHead(string fields = "") =>
        $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n{Lines(fields)}\r\n";

    public static string Chunk(string text) => string.Create(CultureInfo.InvariantCulture, $"{text.Length:x}\r\n{text}\r\n");

    /// <summary>FIN.</summary>
    public void Close()
    {
        IsClosed = true;
        client.Client.Shutdown(SocketShutdown.Send);
    }

    /// <summary>RST.</summary>
    public void Reset()
    {
        IsClosed = true;
        client.Client.LingerState = new LingerOption(true, 0);
        client.Client.Close();
    }

    private static string Lines(string fields) => fields.Length == 0 || fields.EndsWith("\r\n", StringComparison.Ordinal) ? fields : fields + "\r\n";
}
