using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>What a conditional request about a stored response sends.</summary>
/// <param name="IfNoneMatch">Its entity tag; <see langword="null"/> for none.</param>
/// <param name="IfModifiedSince">Its <c>Last-Modified</c>; <see langword="null"/> for none.</param>
public readonly record struct Validators(string? IfNoneMatch, string? IfModifiedSince)
{
    /// <summary>Whether there is nothing to validate with.</summary>
    public bool IsEmpty => IfNoneMatch is null && IfModifiedSince is null;
}

/// <summary>What a response to HEAD does to the stored response to GET (RFC 9111 §4.3.5).</summary>
public enum HeadEffect
{
    /// <summary>Nothing: it says nothing about it.</summary>
    None,

    /// <summary>It is the same: update its fields.</summary>
    Freshens,

    /// <summary>It has changed: treat what is stored as stale.</summary>
    Outdates,
}

/// <summary>Validating and updating stored responses (RFC 9111 §3.2, §4.3).</summary>
public static class Freshening
{
    /// <summary>What to validate with (RFC 9111 §4.3.1); both where there are both. Of the origin's own fields, never with a tag of ours.</summary>
    public static Validators ValidatorsOf(HeaderFields stored)
    {
        var lastModified = stored["Last-Modified"];
        return new(
            EntityTag.TryParse(stored["ETag"], out var tag) ? tag.ToString() : null,
            // The century of an RFC 850 date does not matter here: it goes back as it came.
            lastModified.Count == 1 && HttpDate.TryParse(lastModified, DateTimeOffset.UnixEpoch, out _) ? lastModified[0] : null);
    }

    /// <summary>
    /// Whether a 304 is about the stored response that the request was based on (RFC 9111 §4.3.4): a strong tag in it must be the same strong
    /// tag, a weak one must match, a <c>Last-Modified</c> without a tag must be equal. One without any validator can only mean what was asked
    /// about.
    /// </summary>
    public static bool Selects(HeaderFields stored, HeaderFields notModified)
    {
        if (notModified.Contains("ETag"))
        {
            if (!EntityTag.TryParse(notModified["ETag"], out var tag) || !EntityTag.TryParse(stored["ETag"], out var own)) return false;
            return tag.Weak ? tag.WeakEquals(own) : tag.StrongEquals(own);
        }
        var modified = notModified["Last-Modified"];
        return modified.Count == 0 || SameDate(modified, stored["Last-Modified"]);
    }

    /// <summary>What a response to HEAD says of a stored response (RFC 9111 §4.3.5): only a 200 says anything of a stored 200.</summary>
    /// <param name="storedStatus">The stored status.</param>
    /// <param name="stored">The stored fields.</param>
    /// <param name="storedLength">The length of the stored content as the origin sent it, in bytes.</param>
    /// <param name="status">The status of the response to HEAD.</param>
    /// <param name="head">Its fields.</param>
    public static HeadEffect EffectOfHead(int storedStatus, HeaderFields stored, long storedLength, int status, HeaderFields head)
    {
        if (storedStatus != 200 || status != 200) return HeadEffect.None;
        if (head["Content-Encoding"] != stored["Content-Encoding"]) return HeadEffect.None;
        var length = head["Content-Length"];
        if (length.Count > 0 && !(FieldSyntax.TryParseDigits(length[0], long.MaxValue, out var bytes) && bytes == storedLength))
            return HeadEffect.Outdates;
        if (head.Contains("ETag") && !(EntityTag.TryParse(head["ETag"], out var tag) && EntityTag.TryParse(stored["ETag"], out var own) && tag == own))
            return HeadEffect.Outdates;
        if (head.Contains("Last-Modified") && !SameDate(head["Last-Modified"], stored["Last-Modified"])) return HeadEffect.Outdates;
        return HeadEffect.Freshens;
    }

    /// <summary>
    /// The stored fields updated by those of a 304, a HEAD or a newer part (RFC 9111 §3.2): each of its fields replaces the stored one, but for
    /// those of the connection and those that describe the stored content itself (its length, its range, its coding). <c>Age</c> and
    /// <c>Date</c> are the update's or absent: with the old ones it would be as old as before. Ask <see cref="Storability"/> again: the update
    /// may say <c>no-store</c>.
    /// </summary>
    public static HeaderFields Merge(HeaderFields stored, HeaderFields update)
    {
        update = ConnectionFields.EndToEnd(update);
        var merged = ImmutableArray.CreateBuilder<KeyValuePair<string, StringValues>>(stored.Count + update.Count);
        foreach (var field in stored)
        {
            if (!DescribesContent(field.Key) && update.Contains(field.Key)) merged.Add(new(field.Key, update[field.Key]));
            else if (!IsOfOneArrival(field.Key)) merged.Add(field);
        }
        foreach (var field in update)
            if (!DescribesContent(field.Key) && !stored.Contains(field.Key)) merged.Add(field);
        return new(merged.DrainToImmutable());
    }

    private static bool DescribesContent(string name) => name.Length switch
    {
        11 => FieldSyntax.Is(name, "Content-MD5"),
        13 => FieldSyntax.Is(name, "Content-Range"),
        14 => FieldSyntax.Is(name, "Content-Length") || FieldSyntax.Is(name, "Content-Digest"),
        16 => FieldSyntax.Is(name, "Content-Encoding"),
        _ => false,
    };

    private static bool IsOfOneArrival(string name) => FieldSyntax.Is(name, "Age") || FieldSyntax.Is(name, "Date");

    // The century of an RFC 850 date is the one that is nearest to the other date: they are compared, not placed in time.
    private static bool SameDate(StringValues one, StringValues other)
    {
        if (one.Count != 1 || other.Count != 1) return false;
        if (one[0] == other[0]) return true;
        return HttpDate.TryParse(one, DateTimeOffset.UnixEpoch, out var a) && HttpDate.TryParse(other, a, out var b)
            && HttpDate.TryParse(one, b, out a) && a == b;
    }
}
