using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Management.Events;

/// <summary>
/// The signature of Standard Webhooks 1.0, stricter than its libraries where they differ: HMAC-SHA256 over the raw bytes of
/// <c>id.timestamp.body</c>, one of several secrets, five minutes either way. The id may hold no dot, since <c>a.1</c> with body <c>x</c>
/// would verify what was signed for <c>a</c> with body <c>1.x</c>.
/// </summary>
internal sealed class WebhookSignature
{
    /// <summary>How far a timestamp may be from now, either way.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const int MaxSignatures = 10;
    private const int MaxHeaderLength = 1024;

    /// <summary><c>v1,</c> and the base64 of 32 bytes.</summary>
    private const int SignatureLength = 3 + 44;

    private readonly string _timestamp;
    private readonly string[] _signatures;

    private WebhookSignature(string id, string timestamp, string[] signatures)
    {
        Id = id;
        _timestamp = timestamp;
        _signatures = signatures;
    }

    /// <summary>The header <c>webhook-id</c>: the same over redeliveries.</summary>
    public string Id { get; }

    /// <summary>Reads the three headers; null when one of them is missing, repeated, or not of its form.</summary>
    public static WebhookSignature? Read(IHeaderDictionary headers)
    {
        if (Single(headers["webhook-id"]) is not { Length: <= 128 } id || !IsId(id)) return null;
        if (Single(headers["webhook-timestamp"]) is not { Length: <= 12 } timestamp || !IsTimestamp(timestamp)) return null;
        if (Single(headers["webhook-signature"]) is not { Length: <= MaxHeaderLength } list) return null;
        var signatures = list.Split(' ');
        return signatures.Length <= MaxSignatures ? new(id, timestamp, signatures) : null;
    }

    /// <summary>Checks the time, then the signature.</summary>
    public WebhookRefusal Verify(ReadOnlySpan<byte> body, ImmutableArray<byte[]> keys, DateTimeOffset now)
    {
        var sent = long.Parse(_timestamp, CultureInfo.InvariantCulture);
        if (Math.Abs(now.ToUnixTimeSeconds() - sent) > (long)Tolerance.TotalSeconds) return WebhookRefusal.Timestamp;
        var signed = new byte[Encoding.ASCII.GetByteCount(Id) + 1 + _timestamp.Length + 1 + body.Length];
        var head = Encoding.ASCII.GetBytes($"{Id}.{_timestamp}.", signed);
        body.CopyTo(signed.AsSpan(head));

        // Every pair is compared, so that the time tells neither which secret nor which signature of the list was right.
        var matches = false;
        foreach (var key in keys)
        {
            var expected = Encoding.ASCII.GetBytes("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
            foreach (var signature in _signatures)
            {
                if (signature.Length != SignatureLength) continue;
                matches |= CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(signature));
            }
        }

        return matches ? WebhookRefusal.None : WebhookRefusal.Signature;
    }

    private static string? Single(StringValues values) => values.Count == 1 ? values[0] : null;

    private static bool IsId(string id) => id.Length > 0 && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static bool IsTimestamp(string text) => text.Length > 0 && text[0] != '0' && text.All(char.IsAsciiDigit);
}
