using System.Buffers;
using System.Globalization;
using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Engine.Redis;

/// <summary>
/// Where Redis is and how to log in: StackExchange.Redis' form (<c>host:6379,password=…,ssl=true</c>), or
/// <c>redis://user:password@host:6379/2</c>, with TLS <c>rediss://</c>, user and password percent-encoded. It never shows its password.
/// </summary>
public sealed class RedisConnectionString
{
    private const int DefaultPort = 6379;
    private static readonly SearchValues<char> s_schemeCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-.");
    private readonly ConfigurationOptions _configuration;

    private RedisConnectionString(ConfigurationOptions configuration) => _configuration = configuration;

    /// <summary>Whether it names a Sentinel's service: the master is found, and may change.</summary>
    public bool IsSentinel => !string.IsNullOrEmpty(_configuration.ServiceName);

    /// <summary>Reads either form.</summary>
    /// <exception cref="FormatException">What is wrong and what to write, without any part of the text.</exception>
    public static RedisConnectionString Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(LooksLikeUrl(text) ? ParseUrl(text) : ParseList(text));
    }

    /// <summary>Addresses, database, TLS and user, without the password.</summary>
    public override string ToString()
    {
        var addresses = string.Join(',', _configuration.EndPoints.Select(Show));
        var database = _configuration.DefaultDatabase is { } number ? $"/{number}" : "";
        var user = string.IsNullOrEmpty(_configuration.User) ? "" : $" as {_configuration.User}";
        return $"{addresses}{database}{user}{(_configuration.Ssl ? " (TLS)" : "")}";
    }

    /// <summary>A copy of the options, to be completed by who connects.</summary>
    internal ConfigurationOptions ToConfiguration() => _configuration.Clone();

    private static string Show(EndPoint address) => address is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : address.ToString() ?? "";

    private static bool HasScheme(string text) =>
        text.StartsWith("redis://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("rediss://", StringComparison.OrdinalIgnoreCase);

    private static bool LooksLikeUrl(string text)
    {
        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        return scheme > 0 && text.AsSpan(0, scheme).IndexOfAnyExcept(s_schemeCharacters) < 0;
    }

    private static ConfigurationOptions ParseUrl(string text)
    {
        if (!HasScheme(text)) throw Refuse("its scheme is neither redis:// nor rediss://");
        var tls = text.StartsWith("rediss", StringComparison.OrdinalIgnoreCase);
        var rest = text[(tls ? "rediss://" : "redis://").Length..];
        if (rest.AsSpan().ContainsAny('?', '#')) throw Refuse("it contains '?' or '#'. In a password write %3F and %23; options are not read from a URL");

        var options = new ConfigurationOptions { Ssl = tls };
        var at = rest.LastIndexOf('@');
        if (at >= 0) ReadLogin(rest[..at], options);
        var address = rest[(at + 1)..];
        var slash = address.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0) ReadDatabase(address[(slash + 1)..], options);
        ReadAddress(slash < 0 ? address : address[..slash], options);
        return options;
    }

    private static void ReadLogin(string login, ConfigurationOptions options)
    {
        if (login.AsSpan().ContainsAny('/', '@')) throw Refuse("its user or password contains '/' or '@'. Write %2F and %40");
        var colon = login.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) throw Refuse("there is a user without a password. Write redis://user:password@host, or redis://:password@host without a user");
        var user = Decode(login[..colon]);
        if (user.Length > 0) options.User = user;
        options.Password = Decode(login[(colon + 1)..]);
    }

    private static string Decode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '%') continue;
            if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                throw Refuse("there is a '%' in its user or password that is no percent-encoding. Write %25");
        }

        return Uri.UnescapeDataString(text);
    }

    private static void ReadDatabase(string text, ConfigurationOptions options)
    {
        if (text.Length == 0) return;
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var database)) throw Refuse("what follows the address is not the number of a database");
        options.DefaultDatabase = database;
    }

    private static void ReadAddress(string address, ConfigurationOptions options)
    {
        var (host, port) = (address, "");
        if (address.StartsWith('['))
        {
            var end = address.IndexOf(']', StringComparison.Ordinal);
            if (end < 0 || (end + 1 < address.Length && address[end + 1] != ':')) throw Refuse("its IPv6 address is not in brackets, as in redis://[::1]:6379");
            (host, port) = (address[1..end], end + 1 < address.Length ? address[(end + 2)..] : "");
            if (!IPAddress.TryParse(host, out _)) throw Refuse("what is in the brackets is not an IPv6 address");
        }
        else if (address.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon)
        {
            (host, port) = (address[..colon], address[(colon + 1)..]);
        }

        if (host.Length == 0) host = "localhost";
        else if (!host.StartsWith(':') && Uri.CheckHostName(host) == UriHostNameType.Unknown) throw Refuse("its host is not a host name or address");
        var number = DefaultPort;
        if (port.Length > 0 && (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out number) || number is 0 or > 65535))
            throw Refuse("its port is not between 1 and 65535. If the password contains ':' or '@', percent-encode it");
        options.EndPoints.Add(host, number);
    }

    private static ConfigurationOptions ParseList(string text)
    {
        var inOptions = false;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            // StackExchange.Redis would take the rest of a password after a comma for the name of a host, and say it in messages.
            var isOption = part.Contains('=', StringComparison.Ordinal);
            if (inOptions && !isOption) throw Refuse("there is a part without '=' after its first option. Write addresses first; a password with a comma needs the form redis://:<percent-encoded password>@host:port");
            inOptions |= isOption;
        }

        try
        {
            var options = ConfigurationOptions.Parse(text);
            if (options.EndPoints.Count == 0) throw Refuse("it names no server. Write host:port first, for instance localhost:6379");
            return options;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException and not RefusedException)
        {
            // Its message repeats parts of the text, so it must not go on.
            throw Refuse("one of its parts is no option of StackExchange.Redis, or has no valid value. A password with a comma needs the form redis://:<percent-encoded password>@host:port");
        }
    }

    private static RefusedException Refuse(string why) =>
        new($"The connection string of Redis cannot be read: {why}. (It is not shown, since it may contain a password.)");

    private sealed class RefusedException(string message) : FormatException(message);
}
