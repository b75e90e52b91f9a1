using System.Net;
using CacheProxy.Hosting.Commands;
using CacheProxy.Hosting.Shutdown;
using CacheProxy.Tests.Management;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Tests.Hosting;

/// <summary>The commands beside running the proxy (DESIGN 7).</summary>
public sealed class CommandTests
{
    [Fact]
    public async Task TokenCommand_MakesATokenThatIsAccepted()
    {
        await using var proxy = await TestProxy.StartAsync();
        var configuration = proxy.App.Services.GetRequiredService<IConfiguration>();
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(0, await TokenCommand.RunAsync(["--scope", "cache:read cache:purge", "--for", "1h", "--subject", "me"], configuration, output, error, TimeProvider.System));
        using var request = Tokens.Request("DELETE", "/api/v1/models/cache/clear", output.ToString().Trim());
        Assert.Equal(HttpStatusCode.OK, (await proxy.Operators.SendAsync(request)).StatusCode);
        Assert.Contains(proxy.Lines, line => line.Contains("Purged everything for me", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--scope", "cache:everything")]
    [InlineData("--for", "1")]
    [InlineData("--for", "0s")]
    [InlineData("--for")]
    [InlineData("--forever", "1h")]
    public async Task TokenCommand_NotUnderstood_SaysHow(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(1, await TokenCommand.RunAsync(arguments, Configure([]), output, error, TimeProvider.System));
        Assert.Contains("Usage: CacheProxy token", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(output.ToString());
    }

    [Fact]
    public async Task HealthCommand_TellsReadyFromNot()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Shutdown:Delay"] = "10m" });
        var configuration = Configure(new() { ["Admin:Url"] = proxy.Operators.BaseAddress!.ToString().TrimEnd('/') });
        Assert.Equal(0, await HealthCommand.RunAsync(configuration, TextWriter.Null, TextWriter.Null));
        Lifetime(proxy).Drain(skipDelay: false);
        Assert.Equal(1, await HealthCommand.RunAsync(configuration, TextWriter.Null, TextWriter.Null));
        using var error = new StringWriter();
        Assert.Equal(1, await HealthCommand.RunAsync(Configure(new() { ["Admin:Url"] = "http://127.0.0.1:1" }), TextWriter.Null, error));
        Assert.Contains("No answer from http://127.0.0.1:1/healthz/ready", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--tag", "model:abc-123")]
    [InlineData("--key", "model:metrics:abc-123", "--pattern", "model:*:abc-123", "--mode", "soft")]
    [InlineData("--everything")]
    public async Task PurgeCommand_IsAcknowledgedByTheRunningProxy(params string[] arguments)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal((0, ""), (await PurgeCommand.RunAsync(arguments, ReachedBy(proxy), output, error, TimeProvider.System), error.ToString()));
        Assert.NotEmpty(output.ToString());
        Assert.Contains(proxy.Lines, line => line.Contains("Purged", StringComparison.Ordinal) && line.Contains(Environment.UserName, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData]
    [InlineData("--dry-run")]
    [InlineData("--tag")]
    [InlineData("--mode", "softly", "--tag", "x")]
    [InlineData("model:abc-123")]
    public async Task PurgeCommand_NotUnderstood_SaysHowAndAsksNobody(params string[] arguments)
    {
        using var error = new StringWriter();
        Assert.Equal(1, await PurgeCommand.RunAsync(arguments, Configure([]), TextWriter.Null, error, TimeProvider.System));
        Assert.Contains("Usage: CacheProxy purge", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExplainCommand_PrintsWhatTheRunningProxySays()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal((0, ""), (await ExplainCommand.RunAsync(["/nowhere"], ReachedBy(proxy), output, error, TimeProvider.System), error.ToString()));
        Assert.StartsWith("{", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, await ExplainCommand.RunAsync(["--request"], ReachedBy(proxy), output, error, TimeProvider.System));
        Assert.Contains("Usage: CacheProxy explain", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OperatorsCommands_WithoutKey_SayWhereATokenIsTakenFrom()
    {
        using var error = new StringWriter();
        Assert.Equal(1, await PurgeCommand.RunAsync(["--everything"], Configure([]), TextWriter.Null, error, TimeProvider.System));
        Assert.Contains("CACHEPROXY_TOKEN", error.ToString(), StringComparison.Ordinal);
    }

    private static IConfiguration ReachedBy(TestProxy proxy) => new ConfigurationBuilder()
        .AddConfiguration(proxy.App.Services.GetRequiredService<IConfiguration>())
        .AddInMemoryCollection(new Dictionary<string, string?> { ["Admin:Url"] = proxy.Operators.BaseAddress!.ToString().TrimEnd('/') })
        .Build();

    private static DrainingLifetime Lifetime(TestProxy proxy) => (DrainingLifetime)proxy.App.Services.GetRequiredService<IHostLifetime>();

    private static IConfiguration Configure(Dictionary<string, string?> settings) => new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
}
