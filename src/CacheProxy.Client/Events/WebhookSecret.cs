using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Client.Events;

/// <summary>A Standard Webhooks secret (<c>whsec_</c> and the base64 of 24 to 64 random bytes). Never shows itself.</summary>
public sealed class WebhookSecret
{
    private const string Prefix = "whsec_";
    private const int LeastBytes = 24;
    private const int MostBytes = 64;
    private readonly byte[] _key;

    private WebhookSecret(byte[] key) => _key = key;

    /// <summary>Reads a secret.</summary>
    /// <exception cref="FormatException">It is not <c>whsec_</c> followed by the base64 of 24 to 64 bytes. The message does not repeat it.</exception>
    public static WebhookSecret Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out var secret) ? secret : throw new FormatException(
            $"The webhook secret is not '{Prefix}' followed by the base64 of {LeastBytes} to {MostBytes} bytes. Make one with: echo whsec_$(openssl rand -base64 32)");
    }

    /// <summary>A new random secret's text, 32 bytes.</summary>
    public static string Create() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <summary>
    /// The signature of one attempt: <c>v1,</c> and the base64 of HMAC-SHA256 over <c>{id}.{timestamp}.</c> and the raw body.
    /// </summary>
    /// <param name="id">The event's id; the same on every attempt.</param>
    /// <param name="timestamp">The time of the attempt; whole seconds count.</param>
    /// <param name="body">The bytes that are sent.</param>
    public string Sign(string id, DateTimeOffset timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp.ToUnixTimeSeconds()}.")));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }

    /// <summary>Only that it is a secret.</summary>
    public override string ToString() => Prefix + "***";

    private static bool TryParse(string text, out WebhookSecret secret)
    {
        secret = null!;
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) return false;

        var buffer = new byte[text.Length];
        if (!Convert.TryFromBase64String(text[Prefix.Length..], buffer, out var length) || length is < LeastBytes or > MostBytes) return false;

        secret = new WebhookSecret(buffer[..length]);
        return true;
    }
}
