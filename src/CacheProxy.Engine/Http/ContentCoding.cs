using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>The codings that this cache makes itself.</summary>
public enum Coding
{
    /// <summary>None.</summary>
    Identity,

    /// <summary><c>gzip</c>.</summary>
    Gzip,

    /// <summary><c>br</c>.</summary>
    Brotli,
}

/// <summary>Negotiating content codings (RFC 9110 §8.4, §12.5.3).</summary>
public static class ContentCoding
{
    /// <summary>What is shorter is not worth compressing, in bytes.</summary>
    public const long SmallestCompressed = 1_024;

    private static readonly ImmutableArray<string> s_known = ["br", "compress", "deflate", "gzip", "zstd"];

    /// <summary>The name of a coding as <c>Content-Encoding</c> has it; <c>identity</c> is never sent.</summary>
    public static string NameOf(Coding coding) => coding switch { Coding.Gzip => "gzip", Coding.Brotli => "br", _ => "identity" };

    /// <summary>
    /// The best of our codings for a request: the one with the largest weight, at equal weight Brotli before gzip before none.
    /// <see langword="null"/> when it accepts none of them, not even identity. Without the field it is identity.
    /// </summary>
    public static Coding? Negotiate(StringValues acceptEncoding)
    {
        if (acceptEncoding.Count == 0) return Coding.Identity;
        var weights = new CodingWeights(acceptEncoding);
        var (brotli, gzip, identity) = (weights.Of("br"), weights.Of("gzip"), weights.OfIdentity);
        if (brotli > 0 && brotli >= gzip && brotli >= identity) return Coding.Brotli;
        if (gzip > 0 && gzip >= identity) return Coding.Gzip;
        return identity > 0 ? Coding.Identity : null;
    }

    /// <summary>Whether a request accepts content in the codings that a stored response says it has.</summary>
    public static bool Accepts(StringValues acceptEncoding, StringValues contentEncoding)
    {
        if (acceptEncoding.Count == 0) return true;
        var weights = new CodingWeights(acceptEncoding);
        var coded = false;
        foreach (var line in contentEncoding)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var coding))
            {
                if (FieldSyntax.Is(coding, "identity")) continue;
                coded = true;
                if (weights.Of(coding) == 0) return false;
            }
        }
        return coded || weights.OfIdentity > 0;
    }

    /// <summary>Whether all codings of a response are ones that <see cref="Normalize"/> tells apart.</summary>
    public static bool IsKnown(StringValues contentEncoding)
    {
        foreach (var line in contentEncoding)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var coding))
                if (!FieldSyntax.Is(coding, "identity") && !IsKnown(CodingWeights.Canonical(coding))) return false;
        }
        return true;
    }

    /// <summary>
    /// <c>Accept-Encoding</c> as the set of known codings that it accepts, in order, then <c>*</c> if it accepts any other (and what it
    /// refuses all the same), then <c>identity;q=0</c> if it refuses that: a value that can itself be sent. Codings that are not known are left out, so a response in one
    /// is not stored as one of several variants (<see cref="Storable.UnknownCoding"/>). Empty without the field.
    /// </summary>
    public static string Normalize(StringValues acceptEncoding)
    {
        if (acceptEncoding.Count == 0) return "";
        var weights = new CodingWeights(acceptEncoding);
        var accepted = new List<string>(s_known.Length + 2);
        foreach (var coding in s_known)
            if (weights.Of(coding) > 0) accepted.Add(coding);
        if (weights.OfAny > 0)
        {
            accepted.Add("*");
            // Beside "*", what is refused has to say so.
            foreach (var coding in s_known)
                if (weights.Of(coding) == 0) accepted.Add($"{coding};q=0");
        }
        if (weights.OfIdentity == 0) accepted.Add("identity;q=0");
        else if (accepted.Count == 0) return "identity";
        return string.Join(',', accepted);
    }

    /// <summary>Whether a response may be, and is worth being, compressed by us.</summary>
    /// <param name="status">Its status.</param>
    /// <param name="response">Its fields.</param>
    /// <param name="length">The length of its content in bytes.</param>
    public static bool MayCompress(int status, HeaderFields response, long length)
    {
        if (length < SmallestCompressed || status == 206 || StatusFacts.HasNoContent(status)) return false;
        // RFC 9530: a digest of the content is one of the coded content.
        if (response.Contains("Content-Range") || response.Contains("Content-Digest") || response.Contains("Content-MD5")) return false;
        foreach (var line in response["Content-Encoding"])
            if (!FieldSyntax.Is(ListReader.Trim(line), "identity")) return false;
        return IsCompressible(response["Content-Type"]) && !CacheControl.Parse(response["Cache-Control"]).NoTransform
            && TargetedCacheControl.Parse(response[TargetedCacheControl.FieldName]) is not { NoTransform: true };
    }

    /// <summary>Whether content of this type is text that compresses: text, JSON, XML, JavaScript, SVG, but no event stream.</summary>
    public static bool IsCompressible(StringValues contentType)
    {
        if (contentType.Count != 1) return false;
        var type = contentType[0].AsSpan();
        var parameters = type.IndexOf(';');
        type = ListReader.Trim(parameters < 0 ? type : type[..parameters]);
        if (FieldSyntax.Is(type, "text/event-stream")) return false;
        return type.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || type.EndsWith("+json", StringComparison.OrdinalIgnoreCase) || type.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            || FieldSyntax.Is(type, "application/json") || FieldSyntax.Is(type, "application/xml")
            || FieldSyntax.Is(type, "application/javascript") || FieldSyntax.Is(type, "application/x-javascript")
            || FieldSyntax.Is(type, "application/x-ndjson");
    }

    private static bool IsKnown(ReadOnlySpan<char> coding)
    {
        foreach (var known in s_known)
            if (FieldSyntax.Is(coding, known)) return true;
        return false;
    }
}
