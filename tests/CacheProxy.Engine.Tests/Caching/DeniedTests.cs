using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>A backend's no to the access check, on its way to the client (DESIGN 8, 9).</summary>
public sealed class DeniedTests
{
    [Fact]
    public async Task Refusal_OfTheBackend_IsRelayedWithoutWhatIsBetweenItAndUs()
    {
        var policy = new CachePolicyConfig { Name = "p", Key = "p:{id}", Ttl = "1m", AccessCheckPath = "/access/{id}", AccessCheckTtl = "30s" };
        await using var host = await RoutedHost.StartAsync(
            static request => request.Target == "/access/1" && request.Headers.Authorization.Count == 0
                ? new(403, "no", "X-Reason", "not yours", "Surrogate-Key", "secret", "Cache-Tag", "secret", "X-Cache", "HIT", "Via", "1.1 inner", "Cache-Status", "Inner; hit")
                : RoutedAnswer.Json("v"),
            null, policy);
        await host.GetAsync("/p/1", "Authorization", "Bearer owner");

        var refused = await host.GetAsync("/p/1");

        Assert.Equal((403, "no", "not yours"), (refused.Status, refused.Text, refused["X-Reason"]));
        Assert.Equal((null, null, null), (refused["Surrogate-Key"], refused["Cache-Tag"], refused.Cache));
        Assert.Equal("1.1 inner, 1.1 CacheProxy", refused["Via"]);
        Assert.Equal("Inner; hit, CacheProxy; detail=denied", refused["Cache-Status"]);
    }
}
