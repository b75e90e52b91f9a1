using System.Collections.Immutable;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Management.Events;

/// <summary>The secrets that the backend signs its webhooks with (<c>Webhooks</c>).</summary>
public sealed record WebhookOptions
{
    private const string Prefix = "whsec_";

    /// <summary><c>Webhooks:Secrets:0…</c>, decoded, 24 to 64 bytes each; several while they are rotated. None: webhooks are refused.</summary>
    public ImmutableArray<byte[]> Keys { get; init; } = [];

    /// <summary><c>Limits:WebhookBody</c> in bytes, 1 KiB to 16 MiB; default 64 KiB.</summary>
    public int MaxBody { get; init; } = 64 * 1024;

    /// <summary>Keeps the keys out of logs.</summary>
    public override string ToString() => Keys.IsEmpty ? "no secret is configured, so all are refused" : $"{Keys.Length} secret(s)";

    /// <summary>Reads the section; what is wrong is added to <paramref name="errors"/>, without the secret.</summary>
    public static WebhookOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        var keys = ImmutableArray.CreateBuilder<byte[]>();
        foreach (var secret in configuration.GetSection("Webhooks:Secrets").GetChildren())
        {
            if (string.IsNullOrEmpty(secret.Value)) continue;
            if (TryDecode(secret.Value, out var key)) keys.Add(key);
            else errors.Add($"{secret.Path} is not a webhook secret. Write 'whsec_' and the base64 of 24 to 64 random bytes (echo whsec_$(openssl rand -base64 32)).");
        }

        return new() { Keys = keys.ToImmutable(), MaxBody = ReadMaxBody(configuration["Limits:WebhookBody"], errors) };
    }

    private static int ReadMaxBody(string? text, ICollection<string> errors)
    {
        const int Smallest = 1024, Largest = 16 * 1024 * 1024;
        if (string.IsNullOrEmpty(text)) return new WebhookOptions().MaxBody;
        if (Sizes.TryParse(text, out var size, out _) && size is >= Smallest and <= Largest) return (int)size;
        errors.Add($"Limits:WebhookBody = '{text}' is not a size from 1 KiB to 16 MiB. Write for instance 64KiB.");
        return new WebhookOptions().MaxBody;
    }

    private static bool TryDecode(string text, out byte[] key)
    {
        key = [];
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        var buffer = new byte[text.Length];
        if (!Convert.TryFromBase64String(text[Prefix.Length..], buffer, out var length) || length is < 24 or > 64) return false;
        key = buffer[..length];
        return true;
    }
}
