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
        Assert.Null(settings.RedisConnection);
        Assert.Equal(new("cacheproxy:", TimeSpan.FromMilliseconds(100), new(null, null, null)), settings.Redis);
        Assert.InRange(settings.MemoryLimit, 1 << 20, 256 << 20);
        Assert.Equal(new(TimeSpan.FromSeconds(2), OnLostLease.Origin, TimeSpan.FromSeconds(30), null, 100_000, 16 << 20), settings.Consistency);
        Assert.Equal(new(TimeSpan.FromSeconds(2), 64, new(null, null, null)), settings.Origin);
        Assert.True(settings.CacheStatus);
        Assert.Equal(1 << 20, settings.Limits.MaxKeyBodySize);
        Assert.Equal<string>(["Authorization", "Cookie", "X-Api-Key"], settings.Credentials.Headers);
    }

    [Fact]
    public void Read_AllWritten_IsTaken()
    {
        var settings = Read(
            out var errors,
            ("REDIS_URL", "redis://r"), ("ConnectionStrings:Redis", "r:6379,password=x"), ("Redis:Timeout", "50ms"), ("Memory:Limit", "64MiB"),
            ("Consistency:Lease", "1s"), ("Consistency:OnLostLease", "serve"), ("Consistency:Standbys", "1"), ("Headers:CacheStatus", "Off"),
            ("CredentialHeaders:0", "X-Token"));

        Assert.Empty(errors);
        Assert.Equal("r:6379,password=x", settings.RedisConnection!.Value.Reveal());
        Assert.DoesNotContain("password", settings.ToString(), StringComparison.Ordinal);
        Assert.Equal(64 << 20, settings.MemoryLimit);
        Assert.Equal(OnLostLease.Serve, settings.Consistency.OnLostLease);
        Assert.Equal(1, settings.Consistency.Standbys);
        Assert.False(settings.CacheStatus);
        Assert.Equal<string>(["X-Token"], settings.Credentials.Headers);
    }

    [Theory]
    [InlineData("Redis:Timeout", "100", "number without a unit")]
    [InlineData("Redis:Timeout", "1m", "out of bounds")]
    [InlineData("ConnectionStrings:Redis", "http://redis", "ConnectionStrings.Redis: The connection string of Redis cannot be read")]
    [InlineData("REDIS_URL", "redis://user@redis", "REDIS_URL: The connection string of Redis cannot be read")]
    [InlineData("Redis:Timout", "1s", "did you mean Timeout?")]
    [InlineData("Redis:Tls:Cert", "x", "is unknown")]
    [InlineData("Redis:Tls:Ca", "/nowhere/ca.crt", "no file that can be read")]
    [InlineData("Origin:Tls:Cert", "x", "is unknown")]
    [InlineData("Origin:Tls:Ca", "/nowhere/ca.crt", "no file that can be read")]
    [InlineData("Consistency:Lease", "1ms", "out of bounds")]
    [InlineData("Consistency:OnLostLease", "1", "none of the choices")]
    [InlineData("Consistency:Standbys", "-1", "whole number from 0 to 16")]
    [InlineData("Memory:Limit", "lots", "is not a size")]
    [InlineData("Memory:Limit", "5 B", "out of bounds")]
    [InlineData("CredentialHeaders:0", "X Token", "no name of a header")]
    public void Read_Broken_IsNamed(string key, string value, string problem)
    {
        Read(out var errors, (key, value));

        Assert.Contains(problem, Assert.Single(errors), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Urls", "localhost:7080", "not an address to listen on")]
    [InlineData("Admin:Url", "http://localhost:1/x", "not an address to listen on")]
    [InlineData("Management:Prefix", "_cache/", "not a path")]
    [InlineData("AccessLog", "perhaps", "neither On nor Off")]
    [InlineData("ForwardedHeaders:KnownNetworks:0", "10.0.0.0/99", "not a network")]
    [InlineData("Shutdown:Delay", "5", "not a duration")]
    [InlineData("Limits:WebhookBody", "1", "not a size")]
    public void Check_BrokenSettingOfARoom_IsNamed(string key, string value, string problem) =>
        Assert.Contains(problem, Assert.Single(Check((key, value))), StringComparison.Ordinal);

    [Fact]
    public void Check_SeveralBroken_AreAllNamedAndNoSecretIsShown()
    {
        var errors = Check(("Webhooks:Secrets:0", "hunter2"), ("Webhooks:Secrets:1", "hunter3"), ("AccessLog", "x"));

        Assert.Equal(3, errors.Count);
        Assert.DoesNotContain(errors, error => error.Contains("hunter", StringComparison.Ordinal));
    }

    private static List<string> Check(params (string Key, string Value)[] values)
    {
        var found = new ConfigurationErrors();
        RoomSettings.Check(new ConfigurationBuilder().AddInMemoryCollection(values.Select(pair => KeyValuePair.Create<string, string?>(pair.Key, pair.Value))).Build(), found);
        return [.. found.Select(error => error.ToString())];
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
