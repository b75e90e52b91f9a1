using System.Net;
using CacheProxy.Engine.Http;
using CacheProxy.Management;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Hosting.Listeners;

/// <summary>Opens the listeners, each of which marks the connections that it accepts.</summary>
public static class ListenerExtensions
{
    /// <summary>Replaces Kestrel's own reading of addresses with ours, and sets its limits.</summary>
    public static WebApplicationBuilder AddListeners(this WebApplicationBuilder builder, ListenerOptions options)
    {
        // Bare line feeds as line ends are how one request hides in another (RFC 9112 §2.2 allows to refuse them).
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        var set = new ListenerSet();
        builder.Services.AddSingleton(set);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<ConnectionCap>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        // Nothing here blocks a thread: docs/decisions/0007.
        SocketCompletions.WhereTheyArriveOnOneCore();
        builder.WebHost.UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true);
        builder.WebHost.ConfigureKestrel((context, kestrel) =>
        {
            ListenerLimits.Apply(kestrel);
            var loader = kestrel.Configure(context.Configuration.GetSection("Kestrel"), reloadOnChange: false);
            foreach (var listener in options.Listeners)
            {
                if (listener.Endpoint is { } name) loader.Endpoint(name, endpoint => Mark(set, listener, endpoint.ListenOptions));
                else Listen(kestrel, listener, listen => Open(set, listener, listen));
            }
        });
        return builder;
    }

    private static void Listen(KestrelServerOptions kestrel, ListenerConfig listener, Action<ListenOptions> open)
    {
        var address = BindingAddress.Parse(listener.Url);
        if (address.IsUnixPipe) kestrel.ListenUnixSocket(address.UnixPipePath, open);
        else if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip)) kestrel.Listen(ip, address.Port, open);
        else if (!address.Host.Equals("localhost", StringComparison.OrdinalIgnoreCase)) kestrel.ListenAnyIP(address.Port, open);

        // The system picks a free port for one socket, not the same for two.
        else if (address.Port == 0) kestrel.Listen(IPAddress.Loopback, 0, open);
        else kestrel.ListenLocalhost(address.Port, open);
    }

    private static void Open(ListenerSet set, ListenerConfig listener, ListenOptions listen)
    {
        listen.Protocols = listener.Protocols;
        Mark(set, listener, listen);
        if (listener.Url.StartsWith("https:", StringComparison.OrdinalIgnoreCase)) listen.UseHttps();
    }

    private static void Mark(ListenerSet set, ListenerConfig listener, ListenOptions listen)
    {
        set.Add(listener, listen);
        var feature = new ListenerFeature(listener.Role);
        if (listener.Role == ListenerRole.Clients)
        {
            var cap = listen.ApplicationServices.GetRequiredService<ConnectionCap>();
            listen.Use(next => connection => cap.RunAsync(connection, next));
        }
        listen.Use(next => connection =>
        {
            connection.Features.Set<IListenerFeature>(feature);
            connection.Features.Set<IInterimResponseFeature>(new InterimWriter(connection));
            return next(connection);
        });
    }

    private sealed record ListenerFeature(ListenerRole Role) : IListenerFeature;
}
