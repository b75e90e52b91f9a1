using CacheProxy.Management;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Hosting.Listeners;

/// <summary>The listeners of this process, with their real ports once it has started.</summary>
public sealed class ListenerSet
{
    private readonly List<(ListenerConfig Config, ListenOptions Options)> _bound = [];

    /// <summary>The addresses of a role, <c>http://127.0.0.1:41234</c>; a port 0 is replaced once the server has started.</summary>
    public IReadOnlyList<string> Addresses(ListenerRole role) =>
        [.. _bound.Where(bound => bound.Config.Role == role).Select(bound => Address(bound.Config, bound.Options))];

    /// <summary>Which listener a message of Kestrel's that it could not bind speaks of.</summary>
    internal ListenerConfig? FindIn(string message) =>
        _bound.OrderByDescending(bound => Address(bound.Config, bound.Options).Length)
            .FirstOrDefault(bound => message.Contains(Address(bound.Config, bound.Options), StringComparison.OrdinalIgnoreCase) || message.Contains(bound.Options.ToString()!, StringComparison.OrdinalIgnoreCase))
            .Config;

    internal void Add(ListenerConfig config, ListenOptions options) => _bound.Add((config, options));

    private static string Address(ListenerConfig config, ListenOptions options)
    {
        var address = BindingAddress.Parse(config.Url);
        return options.IPEndPoint is { } end ? $"{address.Scheme}://{address.Host}:{end.Port}" : config.Url;
    }
}
