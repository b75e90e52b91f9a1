using CacheProxy.Engine.Policies;
using CacheProxy.Hosting.Listeners;
using CacheProxy.Hosting.Logs;
using CacheProxy.Hosting.Requests;
using CacheProxy.Hosting.Shutdown;
using CacheProxy.Management;
using CacheProxy.Management.Authentication;
using CacheProxy.Management.Events;

namespace CacheProxy.Configuration;

/// <summary>
/// The settings that a room of the program reads for itself, each in one place. Here they are only looked at, so that what is wrong with
/// them is said together with everything else, at start and by <c>check</c>.
/// </summary>
internal static class RoomSettings
{
    /// <summary>Adds what is wrong with them.</summary>
    public static void Check(IConfiguration configuration, ConfigurationErrors errors)
    {
        var texts = new List<string>();
        _ = ListenerOptions.Read(configuration, texts);
        _ = ShutdownOptions.Read(configuration, texts);
        _ = AccessLogOptions.Read(configuration, texts);
        _ = ForwardedOptions.Read(configuration, texts);
        _ = ManagementOptions.Read(configuration, texts);
        _ = WebhookOptions.Read(configuration, texts);
        _ = BearerOptions.Read(configuration, texts);
        // Each text names its setting and value by itself.
        foreach (var text in texts) errors.Add(new ConfigurationError("settings", null, text));
    }
}
