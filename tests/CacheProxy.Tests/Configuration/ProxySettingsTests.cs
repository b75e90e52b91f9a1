using CacheProxy.Configuration;
using CacheProxy.Engine;
using Microsoft.Extensions.Configuration;

namespace CacheProxy.Tests.Configuration;

public sealed class ProxySettingsTests
{
    [Fact]
    public void Read_Nothing_GivesTheDefaults()
    {
        var settings = Read(out var errors);

        Assert.Empty(errors);
        Assert.Equal<string>(["http://localhost:7080"], settings.Urls);
        Assert.Equal("http://127.0.0.1:7081", settings.AdminUrl);
        Assert.Null(settings.RedisConnection);
        Assert.Equal(new("cacheproxy:", TimeSpan.FromMilliseconds(100)), settings.Redis);
        Assert.InRange(settings.MemoryLimit, 1 << 20, 256 << 20);
        Assert.Equal(new(TimeSpan.FromSeconds(2), OnLostLease.Origin, TimeSpan.FromSeconds(30), null, 100_000, 16 << 20), settings.Consistency);
        Assert.Equal(new(TimeSpan.FromSeconds(2), 64), settings.Origin);
        Assert.Equal(new(ManagementListeners.Both, true, "/_cache"), settings.Management);
        Assert.True(settings.CacheStatus);
        Assert.False(settings.AccessLog);
        Assert.Equal(new(TimeSpan.Zero, TimeSpan.FromSeconds(30)), settings.Shutdown);
        Assert.Equal(1 << 20, settings.Limits.MaxKeyBodySize);
        Assert.Equal<string>(["Authorization", "Cookie", "X-Api-Key"], settings.Credentials.Headers);
    }

    [Fact]
    public void Read_AllWritten_IsTaken()
    {
        var settings = Read(
            out var errors,
            ("Urls", "http://*:80; https://localhost:443"), ("REDIS_URL", "redis://r"), ("ConnectionStrings:Redis", "r:6379,password=x"), ("Redis:Timeout", "50ms"), ("Memory:Limit", "64MiB"),
            ("Consistency:Lease", "1s"), ("Consistency:OnLostLease", "serve"), ("Consistency:Standbys", "1"), ("Headers:CacheStatus", "Off"), ("AccessLog", "On"),
            ("Webhooks:Secrets:0", "whsec_" + Convert.ToBase64String(new byte[24])), ("CredentialHeaders:0", "X-Token"), ("ForwardedHeaders:KnownNetworks:0", "10.0.0.0/8"), ("Shutdown:Delay", "5s"));

        Assert.Empty(errors);
        Assert.Equal(2, settings.Urls.Length);
        Assert.Equal("r:6379,password=x", settings.RedisConnection!.Value.Reveal());
        Assert.DoesNotContain("password", settings.ToString(), StringComparison.Ordinal);
        Assert.Equal(64 << 20, settings.MemoryLimit);
        Assert.Equal(OnLostLease.Serve, settings.Consistency.OnLostLease);
        Assert.Equal(1, settings.Consistency.Standbys);
        Assert.False(settings.CacheStatus);
        Assert.Single(settings.WebhookSecrets);
        Assert.Equal<string>(["X-Token"], settings.Credentials.Headers);
        Assert.Single(settings.KnownNetworks);
    }

    [Theory]
    [InlineData("Redis:Timeout", "100", "number without a unit")]
    [InlineData("Redis:Timeout", "1m", "out of bounds")]
    [InlineData("Redis:Timout", "1s", "did you mean Timeout?")]
    [InlineData("Consistency:Lease", "1ms", "out of bounds")]
    [InlineData("Consistency:OnLostLease", "1", "none of the choices")]
    [InlineData("Consistency:Standbys", "-1", "whole number from 0 to 16")]
    [InlineData("Memory:Limit", "lots", "is not a size")]
    [InlineData("Memory:Limit", "5 B", "out of bounds")]
    [InlineData("Urls", "localhost:7080", "no address to listen on")]
    [InlineData("Admin:Url", "http://localhost:1/x", "no address to listen on")]
    [InlineData("Management:Prefix", "_cache/", "no prefix of paths")]
    [InlineData("AccessLog", "perhaps", "neither On nor Off")]
    [InlineData("ForwardedHeaders:KnownNetworks:0", "10.0.0.0/99", "no network")]
    [InlineData("CredentialHeaders:0", "X Token", "no name of a header")]
    public void Read_Broken_IsNamed(string key, string value, string problem)
    {
        Read(out var errors, (key, value));

        Assert.Contains(problem, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BrokenSecret_IsNotShown()
    {
        Read(out var errors, ("Webhooks:Secrets:0", "hunter2"), ("Origin:ConnectTimeout", "x"));

        Assert.Equal(2, errors.Count);
        Assert.DoesNotContain(errors, error => error.Contains("hunter2", StringComparison.Ordinal));
    }

    private static ProxySettings Read(out List<string> errors, params (string Key, string Value)[] values)
    {
        var found = new ConfigurationErrors();
        var settings = ProxySettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value))).Build(), found);
        errors = [.. found.Select(error => error.ToString())];
        return settings;
    }
}
