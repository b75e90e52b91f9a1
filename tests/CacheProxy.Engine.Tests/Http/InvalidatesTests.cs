using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9111 §4.4, RFC 3986 §5.</summary>
public class InvalidatesTests
{
    private static string Of(string method, int status, params string[] response) =>
        string.Join(' ', Invalidates.Of(method, status, "http", new HostString("h.test:8080"), "/a/x?q=1", Response(response)));

    [Theory]
    [InlineData("POST", 200, "/a/x?q=1")]
    [InlineData("PUT", 201, "/a/x?q=1")]
    [InlineData("DELETE", 303, "/a/x?q=1")]
    [InlineData("M-SEARCH", 200, "/a/x?q=1")]
    [InlineData("FOO", 200, "/a/x?q=1")]
    [InlineData("POST", 401, "")]
    [InlineData("POST", 405, "")]
    [InlineData("POST", 500, "")]
    [InlineData("GET", 200, "")]
    [InlineData("HEAD", 200, "")]
    [InlineData("OPTIONS", 200, "")]
    [InlineData("QUERY", 200, "")]
    public void Of_AMethodAndStatus_IsUnsafeSuccessAlone(string method, int status, string expected) =>
        Assert.Equal(expected, Of(method, status, "X: 1"));

    [Theory]
    [InlineData("/y", "/y")]
    [InlineData("y", "/a/y")]
    [InlineData("../y?b=%2F", "/y?b=%2F")]
    [InlineData("./b/../c/.", "/a/c/")]
    [InlineData("/../../z", "/z")]
    [InlineData("?q=2", "/a/x?q=2")]
    [InlineData("http://H.test:8080/y%2d#f", "/y%2d")]
    [InlineData("HTTP://h.test:8080", "/")]
    [InlineData("//h.test:8080?q", "/?q")]
    [InlineData("http://u@h.test:8080/y", "/y")]
    [InlineData("", null)]
    [InlineData("#f", null)]
    [InlineData("https://h.test:8080/y", null)]
    [InlineData("http://h.test/y", null)]
    [InlineData("http://other.test:8080/y", null)]
    [InlineData("mailto:a@b", null)]
    [InlineData("/a b", null)]
    public void Of_ALocation_IsResolvedByteForByteWithinTheOrigin(string location, string? other)
    {
        var expected = other is null ? "/a/x?q=1" : $"/a/x?q=1 {other}";
        Assert.Equal(expected, Of("POST", 201, $"Location: {location}"));
        Assert.Equal(expected, Of("POST", 201, $"Content-Location: {location}"));
    }

    [Theory]
    [InlineData("https", "h", "https://h:443/y")]
    [InlineData("https", "h:443", "https://h/y")]
    [InlineData("http", "h", "http://h:80/y")]
    [InlineData("http", "[::1]", "http://[::1]:80/y")]
    [InlineData("http", "h", "http://h:/y")]
    public void Of_AnAuthority_EqualsItselfWithTheStandardPort(string scheme, string host, string location) =>
        Assert.Equal(["/x", "/y"], Invalidates.Of("POST", 200, scheme, new HostString(host), "/x", Response($"Location: {location}")).ToArray());
}
