using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>What an <c>Accept-Encoding</c> that is there says of each coding (RFC 9110 §12.5.3), in thousandths.</summary>
internal readonly struct CodingWeights(StringValues acceptEncoding)
{
    /// <summary>What it says of codings that it does not name.</summary>
    public int OfAny => Find("*") ?? 0;

    /// <summary>Identity is acceptable unless it, or everything not named, is refused.</summary>
    public int OfIdentity => Find("identity") ?? Find("*") ?? 1;

    /// <summary>The weight of a coding, by any of its names.</summary>
    public int Of(ReadOnlySpan<char> coding) => Find(Canonical(coding)) ?? OfAny;

    // RFC 9110 §8.4.1: x-gzip and x-compress are the same as without "x-".
    public static ReadOnlySpan<char> Canonical(ReadOnlySpan<char> coding) =>
        FieldSyntax.Is(coding, "x-gzip") || FieldSyntax.Is(coding, "x-compress") ? coding[2..] : coding;

    // A coding named twice: the refusal counts.
    private int? Find(ReadOnlySpan<char> name)
    {
        int? found = null;
        foreach (var line in acceptEncoding)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var member))
            {
                var weighted = Weighted.Read(member);
                if (Canonical(weighted.Name).Equals(name, StringComparison.OrdinalIgnoreCase))
                    found = Math.Min(found ?? Weighted.Most, weighted.Thousandths);
            }
        }
        return found;
    }
}
