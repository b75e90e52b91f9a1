using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Client.Keys;

/// <summary>
/// The primary keys of the shipped policies, as the proxy makes them: for plain ids exactly those of the guide's <c>CacheKeys</c>.
/// A backend needs them to purge single keys; tags (<see cref="CacheTags"/>) are the usual way.
/// </summary>
public static class CacheKeys
{
    private const string Separator = "|";
    private const int UuidDigits = 32;
    private const int LongestUuid = 64;

    /// <summary><c>model:metrics:{id}</c>.</summary>
    /// <param name="modelRunId">The run's id; a UUID in any spelling.</param>
    /// <exception cref="ArgumentException">The id is empty, <c>.</c> or <c>..</c>: the proxy never keys those.</exception>
    public static string ModelMetrics(string modelRunId) => "model:metrics:" + Value(modelRunId);

    /// <summary><c>model:feature_importance:{id}</c>, or <c>model:feature_importance:{id}:top_{n}</c>.</summary>
    /// <param name="modelRunId">The run's id; a UUID in any spelling.</param>
    /// <param name="topN">The request's <c>top_n</c>; <see langword="null"/> when it has none.</param>
    /// <exception cref="ArgumentException">The id is empty, <c>.</c> or <c>..</c>.</exception>
    public static string FeatureImportance(string modelRunId, int? topN = null)
    {
        var key = "model:feature_importance:" + Value(modelRunId);
        return topN is { } n ? string.Create(CultureInfo.InvariantCulture, $"{key}:top_{n}") : key;
    }

    /// <summary>
    /// <c>model:comparison:{hash}</c>, or <c>model:comparison:{hash}:{metric}</c>; the hash is the MD5 of the sorted ids joined with <c>|</c>.
    /// </summary>
    /// <param name="modelRunIds">The ids in any order; UUIDs in any spelling.</param>
    /// <param name="metric">The request's <c>metric</c>; <see langword="null"/> when it has none.</param>
    /// <exception cref="ArgumentException">An id or the metric is empty, <c>.</c> or <c>..</c>.</exception>
    public static string ModelComparison(IEnumerable<string> modelRunIds, string? metric = null)
    {
        ArgumentNullException.ThrowIfNull(modelRunIds);
        var ids = modelRunIds.Select(Canonical).Order(StringComparer.Ordinal).Select(Escaped);
        var key = "model:comparison:" + Md5(string.Join(Separator, ids));
        return metric is null ? key : key + ":" + Escaped(metric);
    }

    /// <summary>A UUID in any spelling (case, dashes, braces, <c>urn:uuid:</c>) in lower case with dashes; anything else as it is.</summary>
    public static string Canonical(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (id.Length is < UuidDigits or > LongestUuid) return id;
        var text = id.AsSpan();
        if (text.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase)) text = text["urn:uuid:".Length..];
        else if (text is ['{', .., '}']) text = text[1..^1];

        // Dashes anywhere count for nothing, as in Python's uuid.UUID: the proxy's |uuid filter reads it so too.
        Span<char> digits = stackalloc char[UuidDigits];
        var count = 0;
        foreach (var c in text)
        {
            if (c == '-') continue;
            if (!char.IsAsciiHexDigit(c) || count == UuidDigits) return id;
            digits[count++] = char.ToLowerInvariant(c);
        }

        return count == UuidDigits ? $"{digits[..8]}-{digits[8..12]}-{digits[12..16]}-{digits[16..20]}-{digits[20..]}" : id;
    }

    /// <summary>A value as it stands in a key: percent-encoded but for <c>A–Z a–z 0–9 . _ ~ - @</c>, so that no value can forge another key.</summary>
    /// <exception cref="ArgumentException">The value is empty, <c>.</c> or <c>..</c>.</exception>
    public static string Escaped(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value is "." or "..") throw new ArgumentException($"'{value}' cannot be part of a cache key: the proxy bypasses such requests.", nameof(value));

        // RFC 3986's unreserved characters are all of the set but '@'.
        return Uri.EscapeDataString(value).Replace("%40", "@", StringComparison.Ordinal);
    }

    internal static string Value(string id) => Escaped(Canonical(id));

    // The guide's key is an MD5; it names an entry and protects nothing (an entry carries a SHA-256 of all that was keyed).
#pragma warning disable CA5351
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
