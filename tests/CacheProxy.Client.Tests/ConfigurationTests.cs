using CacheProxy.Client.Tests.Outbox;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CacheProxy.Client.Tests;

public class ConfigurationTests
{
    [Fact]
    public void WrongValues_AllAtOnce_AreNamedWithTheirRemedy()
    {
        using var services = ClientHost.Services(
            [], store: new MemoryOutbox(),
            settings: [("Targets:0", "localhost:7080"), ("Secret", "whsec_hunter2"), ("GiveUpAfter", "30"), ("Attempts", "0")]);
        var error = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IOptions<CacheProxyClientOptions>>().Value);
        Assert.Equal(4, error.Failures.Count());
        foreach (var key in new[] { "CacheProxy:Targets:0", "CacheProxy:Secret", "CacheProxy:GiveUpAfter", "CacheProxy:Attempts" }) Assert.Contains(key, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_AreThoseOfTheDocumentation()
    {
        var options = new CacheProxyClientOptions();
        Assert.Equal((20, 0.5, 300, 5, 7), (options.AttemptTimeout.TotalSeconds, options.FirstRetryAfter.TotalSeconds, options.LongestRetryAfter.TotalSeconds, options.Attempts, options.GiveUpAfter.TotalDays));
        Assert.False(options.CanSend);
    }
}
