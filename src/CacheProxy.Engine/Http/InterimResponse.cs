using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>A response that comes before the final one (RFC 9110 §15.2): relayed, never stored (RFC 9111 §3).</summary>
/// <param name="Status">102 or 103: the ones that are for the client, and not for the next hop.</param>
/// <param name="Headers">Its end-to-end fields.</param>
public sealed record InterimResponse(int Status, HeaderFields Headers)
{
    private const int StatusLineStart = 12;

    /// <summary>
    /// Whether a message of HTTP/1.1 that begins so is an interim one that a final one follows: 1xx, but for 101, after which there is no HTTP.
    /// </summary>
    /// <param name="message">Its first bytes.</param>
    /// <returns><see langword="null"/> when more bytes are needed to tell.</returns>
    public static bool? IsInterim(ReadOnlySpan<byte> message)
    {
        if (message.Length >= 10 && !(message.StartsWith("HTTP/1.1 "u8) && message[9] == '1')) return false;
        return message.Length < StatusLineStart ? null : message[10] == '0' && message[11] != '1';
    }

    /// <summary>Reads a head, the empty line at its end included.</summary>
    /// <returns><see langword="null"/> for one that is not relayed, or is none.</returns>
    public static InterimResponse? Parse(ReadOnlySpan<byte> head)
    {
        if (IsInterim(head) != true) return null;
        var status = head[11] switch { (byte)'2' => StatusCodes.Status102Processing, (byte)'3' => 103, _ => 0 };
        if (status == 0) return null;
        var fields = new HeaderDictionary();
        var text = Encoding.Latin1.GetString(head);
        foreach (var line in text.Split("\r\n").Skip(1))
        {
            if (line.Length == 0) break;
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !FieldSyntax.IsToken(line.AsSpan(0, colon))) return null;
            var value = line[(colon + 1)..].Trim(' ', '\t');
            if (value.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0) return null;
            fields.Append(line[..colon], value);
        }
        return new InterimResponse(status, ConnectionFields.EndToEnd(HeaderFields.Copy(fields)));
    }

    /// <summary>The head as HTTP/1.1 sends it.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder(128);
        text.Append("HTTP/1.1 ").Append(Status).Append(Status == 103 ? " Early Hints\r\n" : " Processing\r\n");
        foreach (var (name, values) in Headers)
            foreach (var value in (StringValues)values) text.Append(name).Append(": ").Append(value).Append("\r\n");
        return Encoding.Latin1.GetBytes(text.Append("\r\n").ToString());
    }
}

/// <summary>
/// On a client's connection that takes interim responses. ASP.NET Core has no way to send one, so whoever opens the listener provides it.
/// </summary>
public interface IInterimResponseFeature
{
    /// <summary>Sends it. Only while the request's own response has not started.</summary>
    ValueTask SendAsync(InterimResponse response, CancellationToken cancellationToken);
}
