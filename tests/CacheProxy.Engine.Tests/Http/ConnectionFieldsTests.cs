using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §7.6.1, RFC 9111 §3.1.</summary>
public class ConnectionFieldsTests
{
    private static string Names(HeaderFields fields) =>
        string.Join(' ', fields.Select<KeyValuePair<string, Microsoft.Extensions.Primitives.StringValues>, string>(field => field.Key));

    [Theory]
    [InlineData("Connection: close")]
    [InlineData("Keep-Alive: timeout=5")]
    [InlineData("Proxy-Authenticate: Basic")]
    [InlineData("Proxy-Authentication-Info: x")]
    [InlineData("proxy-authorization: x")]
    [InlineData("Proxy-Connection: x")]
    [InlineData("TE: trailers")]
    [InlineData("Trailer: X-T")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Upgrade: h2c")]
    public void EndToEnd_OfAConnectionField_IsWithoutIt(string field) =>
        Assert.Equal("A", Names(ConnectionFields.EndToEnd(Response("A: 1", field))));

    [Fact]
    public void EndToEnd_OfNominatedFields_IsWithoutThem() =>
        Assert.Equal("c", Names(ConnectionFields.EndToEnd(Response("Connection: a, B", "Connection: x-secret", "a: 1", "b: 2", "c: 3", "X-Secret: 4"))));

    [Theory]
    [InlineData("Cache-Control")]
    [InlineData("content-length")]
    [InlineData("Vary")]
    [InlineData("Authorization")]
    [InlineData("Host")]
    [InlineData("X-Forwarded-For")]
    public void Remove_OfANominatedFieldThatAllNeed_LeavesIt(string name)
    {
        var request = Request($"Connection: {name}, x", $"{name}: 1", "x: 1", "TE: trailers");
        ConnectionFields.Remove(request);
        Assert.Equal([name], request.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void ToStore_OfWithheldFields_IsWithoutThem() =>
        Assert.Equal(
            "d",
            Names(ConnectionFields.ToStore(Response("a: 1", "B: 2", "c: 3", "d: 4", "Keep-Alive: x"), Directives("no-cache=\"a, b\", private=\"C\""))));
}
