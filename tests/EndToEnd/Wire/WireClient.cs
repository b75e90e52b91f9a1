using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace EndToEnd.Wire;

/// <summary>
/// A client on a raw socket: it sends what it is told, and says of each answer whether it was complete. Every wait has a deadline.
/// </summary>
public sealed class WireClient : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly TcpClient _client;
    private readonly WireReader _reader;

    private WireClient(TcpClient client)
    {
        _client = client;
        _reader = new WireReader(client.GetStream());
    }

    public static async Task<WireClient> ConnectAsync(Uri server)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(server.Host, server.Port);
        return new WireClient(client);
    }

    /// <summary>A request on a connection of its own.</summary>
    public static async Task<WireReply> AskAsync(Uri server, string target, string fields = "", string method = "GET", string? body = null)
    {
        await using var client = await ConnectAsync(server);
        return await client.SendAndReadAsync(server, target, fields, method, body);
    }

    public static string Request(Uri server, string target, string fields = "", string method = "GET", string? body = null)
    {
        var request = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {server.Authority}\r\n");
        if (body is not null) request.Append(CultureInfo.InvariantCulture, $"Content-Length: {Encoding.Latin1.GetByteCount(body)}\r\n");
        if (fields.Length > 0) request.Append(fields).Append(fields.EndsWith("\r\n", StringComparison.Ordinal) ? "" : "\r\n");
        return request.Append("\r\n").Append(body).ToString();
    }

    public async Task<WireReply> SendAndReadAsync(Uri server, string target, string fields = "", string method = "GET", string? body = null)
    {
        await SendAsync(Request(server, target, fields, method, body));
        return await ReadAsync(method);
    }

    /// <summary>Exactly these bytes (Latin-1). A server that hung up already is seen at the next read.</summary>
    public async Task SendAsync(string text)
    {
        using var deadline = new CancellationTokenSource(Limit);
        try
        {
            await _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text), deadline.Token);
        }
        catch (IOException)
        {
        }
    }

    /// <summary>Reads so much of an answer's body as is asked for, after its head.</summary>
    public async Task<string> ReadHeadAndAsync(int bytes)
    {
        using var deadline = new CancellationTokenSource(Limit);
        var head = await _reader.ReadHeadAsync(deadline.Token) ?? throw new EndOfStreamException("No answer.");
        var body = new byte[bytes];
        await _reader.ReadUpToAsync(body, deadline.Token);
        return head;
    }

    /// <summary>The next final answer. Status 0: the connection ended, or broke, before its head.</summary>
    public async Task<WireReply> ReadAsync(string method = "GET")
    {
        using var deadline = new CancellationTokenSource(Limit);
        string? head;
        try
        {
            do head = await _reader.ReadHeadAsync(deadline.Token);
            while (head is not null && head.StartsWith("HTTP/1.1 1", StringComparison.Ordinal) && !head.StartsWith("HTTP/1.1 101", StringComparison.Ordinal));
        }
        catch (IOException)
        {
            return WireReply.None;
        }
        return head is null ? WireReply.None : await ReadBodyAsync(new WireReply(head, [], false), method, deadline.Token);
    }

    /// <summary>Whether the server has ended the connection: nothing more comes.</summary>
    public async Task<bool> IsClosedAsync()
    {
        using var deadline = new CancellationTokenSource(Limit);
        try
        {
            return await _reader.ReadUpToAsync(new byte[1], deadline.Token) == 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Leaves with a reset, as a browser does that is closed.</summary>
    public void Abort()
    {
        _client.Client.LingerState = new LingerOption(true, 0);
        _client.Client.Close();
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<WireReply> ReadBodyAsync(WireReply reply, string method, CancellationToken cancellation)
    {
        if (method == "HEAD" || reply.Status is 101 or 204 or 304) return reply with { IsComplete = true };
        using var body = new MemoryStream();
        var complete = true;
        try
        {
            if (reply["Transfer-Encoding"] is not null) await _reader.ReadChunkedAsync(body, cancellation);
            else if (reply["Content-Length"] is { } length)
            {
                var wanted = long.Parse(length, CultureInfo.InvariantCulture);
                var bytes = new byte[wanted];
                var read = await _reader.ReadUpToAsync(bytes, cancellation);
                body.Write(bytes, 0, read);
                complete = read == wanted;
            }
            else await _reader.ReadToEndAsync(body, cancellation);
        }
        catch (IOException)
        {
            complete = false;
        }
        return reply with { Body = body.ToArray(), IsComplete = complete };
    }
}

/// <summary>An answer.</summary>
/// <param name="Head">Status line and fields as they came.</param>
/// <param name="Body">So much of the body as came.</param>
/// <param name="IsComplete">Whether its framing says that it came whole.</param>
public sealed record WireReply(string Head, byte[] Body, bool IsComplete)
{
    public static WireReply None { get; } = new("", [], false);

    public int Status => Head.Length == 0 ? 0 : int.Parse(Head.Split(' ')[1], CultureInfo.InvariantCulture);

    public string Text => Encoding.Latin1.GetString(Body);

    public string? Cache => this["X-Cache"];

    public IEnumerable<(string Name, string Value)> Fields => Head.Split("\r\n").Skip(1).Select(WireText.Field);

    public string? this[string name] => WireText.Joined(Fields, name);
}
