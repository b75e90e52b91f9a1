using CacheProxy.Client.Outbox;
using CacheProxy.Client.Tests.Outbox;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Client.Tests;

/// <summary>The client as a backend has it, configured by keys.</summary>
internal static class ClientHost
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    public static IConfigurationSection Section(IEnumerable<Uri> targets, params (string Key, string Value)[] settings)
    {
        var values = targets.Select((t, i) => ($"CacheProxy:Targets:{i}", t.AbsoluteUri))
            .Concat([("CacheProxy:Secret", Secret), ("CacheProxy:FirstRetryAfter", "00:00:00.010"), ("CacheProxy:PollInterval", "00:00:00.050")])
            .Concat(settings.Select(s => ("CacheProxy:" + s.Key, s.Value)));
        return new ConfigurationBuilder()
            .AddInMemoryCollection(values.GroupBy(v => v.Item1).Select(g => new KeyValuePair<string, string?>(g.Key, g.Last().Item2)))
            .Build().GetSection("CacheProxy");
    }

    public static ServiceProvider Services(
        IEnumerable<Uri> targets, TimeProvider? clock = null, IOutboxStore? store = null, params (string Key, string Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.ClearProviders());
        if (clock is not null) services.AddSingleton(clock);
        services.AddCacheProxyClient(Section(targets, settings));
        if (store is not null) services.AddSingleton(store).AddCacheProxyOutbox<MemoryOutbox>();
        return services.BuildServiceProvider();
    }
}
