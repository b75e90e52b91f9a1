using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CacheProxy.Hosting.Requests;

/// <summary>What a <c>Host</c> may be (RFC 9110 §7.2): a name of letters, digits, dots, dashes and underscores, or an IPv6 address in brackets, and a port.</summary>
internal static class HostSyntax
{
    private const int MaxLength = 253;

    /// <summary>Whether it is one.</summary>
    public static bool IsValid(ReadOnlySpan<char> host)
    {
        if (host.IsEmpty) return false;
        int end;
        if (host[0] == '[')
        {
            end = host.IndexOf(']') + 1;
            if (end < 3 || !IPAddress.TryParse(host[1..(end - 1)], out var address) || address.AddressFamily != AddressFamily.InterNetworkV6) return false;
            if (host[1..(end - 1)].Contains('%')) return false;
        }
        else
        {
            end = host.IndexOf(':');
            if (end < 0) end = host.Length;
            if (!IsName(host[..end])) return false;
        }

        return end == host.Length || (host[end] == ':' && IsPort(host[(end + 1)..]));
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length is 0 or > MaxLength || name[0] == '.') return false;
        var previous = '\0';
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) return false;
            if (c == '.' && previous == '.') return false;
            previous = c;
        }

        return true;
    }

    /// <summary>An empty port is the scheme's (RFC 3986 §3.2.3).</summary>
    private static bool IsPort(ReadOnlySpan<char> port) =>
        port.IsEmpty || (port.Length <= 5 && int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 65535);
}
