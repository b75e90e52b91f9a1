using CacheProxy.Hosting.Requests;

namespace CacheProxy.Tests.Hosting;

/// <summary>RELIABILITY A10, F7, F8: what two servers could read differently ends here, with the connection.</summary>
public sealed class StrictRequestTests
{
    private const string Start = "POST /x HTTP/1.1\r\nHost: h.test\r\n";
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: h.test\r\n\r\n";

    [Theory]
    [InlineData("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 6\r\nX-Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X-Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: identity\r\n\r\n")]
    [InlineData("Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")]
    [InlineData("Content-Length: 0x5\r\n\r\nhello")]
    [InlineData("Content-Length: -1\r\n\r\nhello")]
    [InlineData("Content-Length: 5, 5\r\n\r\nhello")]
    [InlineData("X: a\x07z\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\x7fz\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\0z\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\rz\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\r\n folded\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X : a\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("Host: other.test\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("X: a\nContent-Length: 0\r\n\r\n")]
    public async Task Request_ThatCouldBeReadInTwoWays_IsRefusedAndTheConnectionEnds(string rest)
    {
        await using var proxy = await TestProxy.StartAsync();
        var answer = await RawClient.SendAsync(proxy.Clients.BaseAddress!, Start + rest + Smuggled);
        Assert.DoesNotContain("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("HTTP/1.1 500", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("<open>", answer, StringComparison.Ordinal);
        Assert.Empty(proxy.Reached);
        Assert.DoesNotContain(proxy.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET /x HTTP/1.0\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost:\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: a b\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: u@h.test\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: h.test/x\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: h.test:99999\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: h..test\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: h.test, other.test\r\n\r\n")]
    [InlineData("GET /x HTTP/1.1\r\nHost: [::1%25eth0]\r\n\r\n")]
    [InlineData("GET http://other.test/x HTTP/1.1\r\nHost: h.test\r\n\r\n")]
    public async Task Request_WithoutAUsableHost_IsRefused(string request)
    {
        await using var proxy = await TestProxy.StartAsync();
        var answer = await RawClient.SendAsync(proxy.Clients.BaseAddress!, request);
        Assert.Contains(" 400 ", answer.Split('\n')[0], StringComparison.Ordinal);
        Assert.Empty(proxy.Reached);
    }

    [Theory]
    [InlineData("h.test", true)]
    [InlineData("H.TEST.:80", true)]
    [InlineData("h_1.test:", true)]
    [InlineData("127.0.0.1:65535", true)]
    [InlineData("[::1]", true)]
    [InlineData("[2001:db8::1]:8080", true)]
    [InlineData("", false)]
    [InlineData(".h", false)]
    [InlineData("h:0", false)]
    [InlineData("h:+80", false)]
    [InlineData("h:80:80", false)]
    [InlineData("[]", false)]
    [InlineData("[::1", false)]
    [InlineData("[::1]x", false)]
    [InlineData("[127.0.0.1]", false)]
    [InlineData("::1", false)]
    [InlineData("h%41", false)]
    [InlineData("žluť", false)]
    public void Host_IsANameOrAnAddress(string host, bool valid) => Assert.Equal(valid, HostSyntax.IsValid(host));

    [Fact]
    public async Task Method_InLowerCase_IsPassedAsItIs()
    {
        await using var proxy = await TestProxy.StartAsync();
        await RawClient.SendAsync(proxy.Clients.BaseAddress!, "get /x HTTP/1.1\r\nHost: h.test\r\nConnection: close\r\n\r\n");
        Assert.Equal("get http://h.test/x", Assert.Single(proxy.Reached));
    }

    [Fact]
    public async Task LengthHeaderOfAStranger_IsNotPassedOn()
    {
        await using var proxy = await TestProxy.StartAsync();
        var answer = await RawClient.SendAsync(proxy.Clients.BaseAddress!, "GET /x HTTP/1.1\r\nHost: h.test\r\nX-Content-Length: 5\r\nX-Tab: a\tb\r\nConnection: close\r\n\r\n");
        Assert.Contains("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("x-tab", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("x-content-length", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Server:", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FFFFFFFFFFFFFFED\r\nx\r\n0\r\n\r\n")]
    [InlineData("zz\r\nx\r\n0\r\n\r\n")]
    [InlineData("1;a\nb\r\nx\r\n0\r\n\r\n")]
    [InlineData("1\r\nxy\r\n0\r\n\r\n")]
    public async Task Chunk_ThatIsNone_IsABadRequest(string chunks)
    {
        await using var proxy = await TestProxy.StartAsync();
        var answer = await RawClient.SendAsync(proxy.Clients.BaseAddress!, "POST /read HTTP/1.1\r\nHost: h.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        Assert.Contains(" 400 ", answer.Split('\n')[0], StringComparison.Ordinal);
        Assert.DoesNotContain(proxy.Lines, line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Upload_BeyondKestrelsOwnLimit_Passes()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.PostAsync("/read", new ByteArrayContent(new byte[31_000_000]));
        Assert.Equal(200, (int)response.StatusCode);
    }

    [Fact]
    public async Task Fault_OfOurs_IsAProblemAndAnErrorInTheLog()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.GetAsync("/throw");
        Assert.Equal(500, (int)response.StatusCode);
        Assert.Contains("urn:cacheproxy:internal-error", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains(proxy.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }
}
