using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Engine.Policies;

internal enum TemplateFilter
{
    Sort,
    Md5,
    Sha256,
    Uuid,
}

/// <summary>What filters do to a value on its way into a key. Escaping comes before joining and hashing, so that no element can look like two.</summary>
internal static class TemplateFilters
{
    /// <summary>Names and filters: the table that parser and messages use.</summary>
    public static readonly ImmutableArray<(string Name, TemplateFilter Filter)> All =
        [("sort", TemplateFilter.Sort), ("md5", TemplateFilter.Md5), ("sha256", TemplateFilter.Sha256), ("uuid", TemplateFilter.Uuid)];

    /// <summary>The only text that the value renders to, where it is no list and no filter hashes it: the usual case, without arrays.</summary>
    public static string? PlainText(in TemplateValue value, TemplatePart part) =>
        value.IsList || part.IsHashed ? null : CanonicalText(value, part);

    /// <summary>What counts of a value that is no list, before any hashing.</summary>
    public static string CanonicalText(in TemplateValue value, TemplatePart part) =>
        KeyEscaping.Escape(part.IsUuid ? CanonicalUuid(value.Text) : value.Text);

    /// <summary>The elements that the value renders to: one, or one for each element of a list that no filter has hashed.</summary>
    public static ImmutableArray<string> Apply(in TemplateValue value, ImmutableArray<TemplateFilter> filters)
    {
        var items = Canonical(value, filters);
        foreach (var filter in filters)
            items = filter switch
            {
                TemplateFilter.Md5 => [Hex(filter, string.Join('|', items))],
                TemplateFilter.Sha256 => [Hex(filter, string.Join('|', items))],
                _ => items,
            };
        return items;
    }

    /// <summary>The elements before any hashing: what counts of them.</summary>
    public static ImmutableArray<string> Canonical(in TemplateValue value, ImmutableArray<TemplateFilter> filters)
    {
        if (!value.IsList)
        {
            var text = filters.Contains(TemplateFilter.Uuid) ? CanonicalUuid(value.Text) : value.Text;
            return [KeyEscaping.Escape(text)];
        }
        var items = value.Items;
        if (filters.Contains(TemplateFilter.Uuid)) items = [.. items.Select(CanonicalUuid)];
        if (filters.Contains(TemplateFilter.Sort)) items = items.Sort(StringComparer.Ordinal);
        return [.. items.Select(KeyEscaping.Escape)];
    }

    /// <summary>A UUID in any spelling in lower case with dashes; anything else as it is.</summary>
    public static string CanonicalUuid(string text)
    {
        if (text.Length is < 32 or > 64) return text;
        var digits = text.AsSpan();
        if (digits.StartsWith("urn:uuid:", StringComparison.OrdinalIgnoreCase)) digits = digits[9..];
        if (digits is ['{', .., '}']) digits = digits[1..^1];
        Span<char> plain = stackalloc char[32];
        var count = 0;
        foreach (var c in digits)
        {
            if (c == '-') continue;
            if (!char.IsAsciiHexDigit(c) || count == 32) return text;
            plain[count++] = char.ToLowerInvariant(c);
        }
        return count == 32 ? $"{plain[..8]}-{plain[8..12]}-{plain[12..16]}-{plain[16..20]}-{plain[20..]}" : text;
    }

    [SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "The replaced system's key format; the identity is a SHA-256 of the values themselves.")]
    private static string Hex(TemplateFilter filter, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return Convert.ToHexStringLower(filter == TemplateFilter.Md5 ? MD5.HashData(utf8) : SHA256.HashData(utf8));
    }
}
