using System.Collections.Immutable;
using CacheProxy.Management;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Hosting.Listeners;

/// <summary>A listener to be opened.</summary>
/// <param name="Setting">Where it was configured, for messages.</param>
/// <param name="Url">As it was written.</param>
/// <param name="Role">Whom it is for.</param>
/// <param name="Protocols">What it speaks.</param>
/// <param name="Endpoint">The name below <c>Kestrel:Endpoints</c>, where Kestrel reads the rest (certificates, SNI); null for a mere address.</param>
public sealed record ListenerConfig(string Setting, string Url, ListenerRole Role, HttpProtocols Protocols, string? Endpoint = null);

/// <summary>
/// The listeners: the clients' (<c>Urls</c>, or <c>Kestrel:Endpoints</c>, and <c>Http2Url</c>) and the operators' (<c>Admin:Url</c>, or
/// <c>Kestrel:Endpoints:Admin</c>). Read by us, since a listener added in code makes Kestrel ignore <c>Urls</c>.
/// </summary>
public sealed record ListenerOptions
{
    /// <summary>Where clients find it when nothing is said.</summary>
    public const string DefaultUrls = "http://localhost:7080";

    /// <summary>Where operators find it when nothing is said.</summary>
    public const string DefaultAdminUrl = "http://127.0.0.1:7081";

    private const string AdminEndpoint = "Admin";

    /// <summary>All of them, clients' first.</summary>
    public ImmutableArray<ListenerConfig> Listeners { get; init; } = [];

    /// <summary>Where the operators' listener is, for the health command.</summary>
    public string AdminUrl => Listeners.FirstOrDefault(listener => listener.Role == ListenerRole.Operators)?.Url ?? DefaultAdminUrl;

    /// <summary>Reads the settings; what is wrong is added to <paramref name="errors"/>.</summary>
    public static ListenerOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        var listeners = ImmutableArray.CreateBuilder<ListenerConfig>();
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().ToArray();
        var clients = endpoints.Where(endpoint => !IsAdmin(endpoint.Key)).ToArray();
        if (clients.Length == 0) AddUrls(configuration["Urls"], listeners, errors);
        foreach (var endpoint in clients) AddEndpoint(endpoint, ListenerRole.Clients, listeners, errors);

        if (configuration["Http2Url"] is { Length: > 0 } http2 && Check("Http2Url", http2, errors))
        {
            if (http2.StartsWith("https:", StringComparison.OrdinalIgnoreCase))
                errors.Add($"Http2Url = '{http2}' is https, but it is for HTTP/2 without TLS; with TLS the listeners of Urls speak HTTP/2 already. Write http://…, or leave it out.");
            else
                listeners.Add(new("Http2Url", http2, ListenerRole.Clients, HttpProtocols.Http2));
        }

        if (Array.Find(endpoints, endpoint => IsAdmin(endpoint.Key)) is { } admin) AddEndpoint(admin, ListenerRole.Operators, listeners, errors);
        else AddUrl("Admin:Url", configuration["Admin:Url"] is { Length: > 0 } url ? url : DefaultAdminUrl, ListenerRole.Operators, listeners, errors);
        return new() { Listeners = listeners.ToImmutable() };
    }

    private static bool IsAdmin(string name) => name.Equals(AdminEndpoint, StringComparison.OrdinalIgnoreCase);

    private static void AddUrls(string? urls, ImmutableArray<ListenerConfig>.Builder listeners, ICollection<string> errors)
    {
        foreach (var url in (string.IsNullOrWhiteSpace(urls) ? DefaultUrls : urls).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            AddUrl("Urls", url, ListenerRole.Clients, listeners, errors);
    }

    private static void AddUrl(string setting, string url, ListenerRole role, ImmutableArray<ListenerConfig>.Builder listeners, ICollection<string> errors)
    {
        if (Check(setting, url, errors)) listeners.Add(new(setting, url, role, ProtocolsOf(url)));
    }

    private static void AddEndpoint(IConfigurationSection endpoint, ListenerRole role, ImmutableArray<ListenerConfig>.Builder listeners, ICollection<string> errors)
    {
        var url = endpoint["Url"] ?? "";
        if (Check(endpoint.Path + ":Url", url, errors)) listeners.Add(new(endpoint.Path, url, role, ProtocolsOf(url), endpoint.Key));
    }

    /// <summary>Without TLS there is nothing to negotiate HTTP/2 with.</summary>
    private static HttpProtocols ProtocolsOf(string url) =>
        url.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1;

    private static bool Check(string setting, string url, ICollection<string> errors)
    {
        try
        {
            var address = BindingAddress.Parse(url);
            if (address.Scheme.ToLowerInvariant() is "http" or "https" && (address.IsUnixPipe || address.Port is >= 0 and <= 65535) && address.PathBase.Length == 0) return true;
        }
        catch (FormatException)
        {
            // Said below, with what to write.
        }

        errors.Add($"{setting} = '{url}' is not an address to listen on. Write for instance http://localhost:7080, http://0.0.0.0:7080 or http://127.0.0.1:0 (any free port).");
        return false;
    }
}
