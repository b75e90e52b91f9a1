using CacheProxy.Engine.Redis;
using StackExchange.Redis;

namespace CacheProxy.Engine.Tests.Redis;

public sealed class RedisConnectionStringTests
{
    private const string Password = "a,b=c/d@e:f#g%h+i j";

    [Theory]
    [InlineData("localhost:6380", "localhost:6380")]
    [InlineData("redis://localhost", "localhost:6379")]
    [InlineData("redis://localhost:7000/2", "localhost:7000/2")]
    [InlineData("rediss://user:pw@cache.example.com:6380", "cache.example.com:6380 as user (TLS)")]
    [InlineData("redis://:pw@[::1]:6379/0", "[::1]:6379/0")]
    [InlineData("redis://[::1]", "[::1]:6379")]
    [InlineData("REDIS://localhost/", "localhost:6379")]
    [InlineData("a:1,b:2,ssl=true,user=u,password=p==", "a:1,b:2 as u (TLS)")]
    public void Parse_EitherForm_NamesServerDatabaseAndUser(string text, string shown) =>
        Assert.Equal(shown, RedisConnectionString.Parse(text).ToString());

    [Fact]
    public void Parse_EncodedPassword_IsDecoded()
    {
        var parsed = RedisConnectionString.Parse($"redis://me:{Uri.EscapeDataString(Password)}@localhost/1");
        Assert.Equal(Password, parsed.ToConfiguration().Password);
        Assert.Equal(1, parsed.ToConfiguration().DefaultDatabase);
        Assert.DoesNotContain("e:f", parsed.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://:sec/ret@localhost")]
    [InlineData("redis://:sec@ret@localhost")]
    [InlineData("redis://:sec%ret@localhost")]
    [InlineData("redis://secret@localhost")]
    [InlineData("redis://:secret@localhost:99999")]
    [InlineData("redis://:secret@localhost:port")]
    [InlineData("redis://:secret@localhost/two")]
    [InlineData("redis://:secret@localhost?db=2")]
    [InlineData("redis://:secret@[::1")]
    [InlineData("redis://:secret@[nonsense]")]
    [InlineData("redis://:secret@exa mple")]
    [InlineData("http://:secret@localhost")]
    [InlineData("localhost,password=sec,ret")]
    [InlineData("localhost,password=sec,ret=x")]
    [InlineData("password=secret")]
    [InlineData("localhost,syncTimeout=secret")]
    [InlineData("")]
    public void Parse_Broken_SaysWhyWithoutTheText(string text)
    {
        var exception = Assert.ThrowsAny<FormatException>(() => RedisConnectionString.Parse(text));
        Assert.DoesNotContain("sec", exception.Message, StringComparison.Ordinal);
        Assert.Null(exception.InnerException);
    }

    [Fact]
    public async Task GetSharedAsync_PasswordAndDatabase_AreUsed()
    {
        await using var server = await RedisServer.StartAsync("--requirepass", Password);
        var text = $"redis://:{Uri.EscapeDataString(Password)}@127.0.0.1:{server.Port}/2";
        await using var connections = new RedisConnections(new() { ConnectionString = RedisConnectionString.Parse(text), Timeout = TimeSpan.FromSeconds(2) });
        var shared = await connections.GetSharedAsync();
        await shared.GetDatabase().StringSetAsync("k", "v");
        Assert.Equal("v", await shared.GetDatabase(2).StringGetAsync("k"));
        Assert.False(await shared.GetDatabase(0).KeyExistsAsync("k"));
    }

    [Fact]
    public async Task GetSharedAsync_NoServer_CompletesAndConnectsLater()
    {
        await using var server = await RedisServer.StartAsync();
        await server.KillAsync();
        await using var connections = new RedisConnections(new() { ConnectionString = RedisConnectionString.Parse(server.Address) });
        var shared = await connections.GetSharedAsync();
        Assert.False(shared.IsConnected);
        await Assert.ThrowsAnyAsync<RedisException>(() => shared.GetDatabase().PingAsync());
        await server.RestartAsync();
        await Poll.UntilAsync(() => shared.IsConnected, "connected after the server came");
    }
}
