using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>
/// Fields of one connection (RFC 9110 §7.6.1, RFC 9111 §3.1): they go no further, in either direction, and are never stored. Apply it to a
/// request before <c>Vary</c> is looked at: what is not sent to the origin must not select a variant.
/// </summary>
public static class ConnectionFields
{
    private static readonly FrozenSet<string> s_hopByHop = FrozenSet.ToFrozenSet(
        [
            "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Proxy-Connection",
            "TE", "Trailer", "Transfer-Encoding", "Upgrade", "HTTP2-Settings",
        ],
        StringComparer.OrdinalIgnoreCase);

    // RFC 9110 §7.6.1: never to be nominated, being meant for all recipients. A stranger's "Connection: Authorization" must not turn his
    // request into an anonymous one either.
    private static readonly FrozenSet<string> s_needed = FrozenSet.ToFrozenSet(
        [
            "Age", "Authorization", "Cache-Control", "CDN-Cache-Control", "Content-Encoding", "Content-Length", "Content-Location",
            "Content-Range", "Content-Type", "Cookie", "Date", "ETag", "Expect", "Expires", "Forwarded", "Host", "If-Match",
            "If-Modified-Since", "If-None-Match", "If-Range", "If-Unmodified-Since", "Last-Modified", "Location", "Origin", "Pragma",
            "Range", "Vary", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Proto",
        ],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_neededByText =
        s_needed.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Whether the field is of one connection by its own definition.</summary>
    public static bool IsHopByHop(string name) => s_hopByHop.Contains(name);

    /// <summary>Whether the field may not be nominated, nor withheld by <c>private="…"</c>, without changing what the message means.</summary>
    public static bool IsNeededByRecipients(ReadOnlySpan<char> name) => s_neededByText.Contains(name);

    /// <summary>The names that <c>Connection</c> nominates, but for those that it may not.</summary>
    public static ImmutableArray<string> Nominated(StringValues connection)
    {
        if (connection.Count == 0) return [];
        var names = ImmutableArray.CreateBuilder<string>();
        foreach (var line in connection)
        {
            var members = new ListReader(line);
            while (members.TryRead(out var name))
                if (FieldSyntax.IsToken(name) && !IsNeededByRecipients(name)) names.Add(name.ToString());
        }
        return names.DrainToImmutable();
    }

    /// <summary>What may be forwarded and stored of a response.</summary>
    public static HeaderFields EndToEnd(HeaderFields fields)
    {
        return fields.Without(Nominated(fields["Connection"]), static (name, nominated) => IsHopByHop(name) || Names(nominated, name));
    }

    /// <summary>What may be stored of a response: end to end, and not named in <c>private="…"</c> or <c>no-cache="…"</c> (RFC 9111 §3.1).</summary>
    public static HeaderFields ToStore(HeaderFields fields, CacheControl effective)
    {
        var endToEnd = EndToEnd(fields);
        return effective.PrivateFields.IsEmpty && effective.NoCacheFields.IsEmpty ? endToEnd
            : endToEnd.Without(effective, static (name, effective) => effective.Excludes(name));
    }

    /// <summary>Removes, in place, what may not be forwarded of a message.</summary>
    public static void Remove(IHeaderDictionary headers)
    {
        foreach (var name in Nominated(headers.Connection)) headers.Remove(name);
        foreach (var name in s_hopByHop.Items) headers.Remove(name);
    }

    private static bool Names(ImmutableArray<string> names, string name)
    {
        foreach (var nominated in names)
            if (string.Equals(nominated, name, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }
}
