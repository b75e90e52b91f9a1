using System.Globalization;
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

    /// <summary>Which listeners a message of Kestrel's that it could not bind may speak of: those of its port (it names an address, where <c>localhost</c> was configured), else all.</summary>
    internal IReadOnlyList<ListenerConfig> FindIn(string message)
    {
        var named = _bound.Where(bound => NamesPort(message, BindingAddress.Parse(bound.Config.Url).Port)).Select(bound => bound.Config).ToArray();
        return named.Length != 0 ? named : [.. _bound.Select(bound => bound.Config)];
    }

    internal void Add(ListenerConfig config, ListenOptions options) => _bound.Add((config, options));

    private static bool NamesPort(string message, int port) => port != 0 && message.Contains(string.Create(CultureInfo.InvariantCulture, $":{port}:"), StringComparison.Ordinal);

    private static string Address(ListenerConfig config, ListenOptions options)
    {
        var address = BindingAddress.Parse(config.Url);
        return options.IPEndPoint is { } end ? $"{address.Scheme}://{address.Host}:{end.Port}" : config.Url;
    }
}
