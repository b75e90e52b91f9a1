using EndToEnd.Wire;

namespace EndToEnd.Attacks;

/// <summary>
/// Requests that two servers in a row could cut differently (RELIABILITY A10, A11, F7, F8): the origin sees as many requests as were
/// accepted, none that was hidden in another, and the next client has its own answer.
/// </summary>
public sealed class SmugglingTests(SmugglingTests.Rig rig) : IClassFixture<SmugglingTests.Rig>
{
    private const string Hidden = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    private static readonly string HiddenLength = Hidden.Length.ToString("x", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What follows the request line and <c>Host</c>.</summary>
    private static readonly string[] s_tails =
    [
        $"Content-Length: {Hidden.Length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\nContent-Length: {Hidden.Length}\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{HiddenLength}\r\n{Hidden}\r\n0\r\n\r\n",
        $"Content-Length: 0\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Content-Length: {Hidden.Length}\r\nContent-Length: 0\r\n\r\n{Hidden}",
        $"Content-Length: {Hidden.Length}, {Hidden.Length}\r\n\r\n{Hidden}",
        $"Content-Length: 0, {Hidden.Length}\r\n\r\n{Hidden}",
        $"Content-Length: -1\r\n\r\n{Hidden}",
        $"Content-Length: 0x10\r\n\r\n{Hidden}",
        $"Content-Length: 1e1\r\n\r\n{Hidden}",
        $"Content-Length: 99999999999999999999\r\n\r\n{Hidden}",
        $"Content-Length : {Hidden.Length}\r\n\r\n{Hidden}",
        $" Content-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Content-Length:\r\n {Hidden.Length}\r\n\r\n{Hidden}",
        $"Content_Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: identity\r\n\r\n{Hidden}",
        $"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked;x=y\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding:\u000bchunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: CHUNKED\r\nContent-Length: 5\r\n\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFED\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n100000000000000000\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n3\r\nab\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n3;x\nabc\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n3;x\rabc\r\n0\r\n\r\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n{Hidden}",
        $"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nContent-Length: 5\r\n\r\n",
        $"Expect: 100-continue\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{Hidden}",
        $"Connection: Content-Length\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n{HiddenLength}\r\n{Hidden}\r\n0\r\n\r\n",
        $"Connection: Host\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Host: evil.example\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"X-Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        $"X: a\u0000b\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"X: a\u0007b\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"X\u0080: y\r\nContent-Length: {Hidden.Length}\r\n\r\n{Hidden}",
        $"Content-Length: +{Hidden.Length}\r\n\r\n{Hidden}",
    ];

    public static TheoryData<string> Methods => new("GET", "POST");

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Request_ThatTwoServersCutDifferently_HidesNoOther(string method)
    {
        foreach (var route in new[] { "plain", "ttl", "json", "body" })
        {
            foreach (var tail in s_tails)
            {
                var path = ProxyRig.Path(route);
                var accepted = 0;
                await using (var attacker = await WireClient.ConnectAsync(rig.Url))
                {
                    await attacker.SendAsync($"{method} {path} HTTP/1.1\r\nHost: {rig.Url.Authority}\r\n{tail}");
                    for (WireReply reply; (reply = await ReadOrEndAsync(attacker)).Status != 0;)
                    {
                        Assert.True(reply.Status is 200 or 400 or 404 or 413 or 501, $"{tail}: {reply.Head}");
                        if (reply.Status == 200) accepted++;
                        // Only a request that was cut off in the clear may follow: one that the proxy itself took for the next.
                        if (reply.Status != 200 || accepted > 1) break;
                    }
                }
                Assert.True(rig.Origin.Count(path) <= Math.Max(accepted, 1), $"{method} {tail}: {rig.Origin.Count(path)} at the origin, {accepted} accepted");
                Assert.All(rig.Origin.Seen(path), static seen => Assert.Null(seen["X-Content-Length"]));
                var other = ProxyRig.Path("ttl");
                Assert.Equal($"{other} 1", (await rig.GetAsync(other)).Text);
            }
        }
        Assert.Empty(rig.Origin.Violations);
        Assert.All(rig.Origin.Seen("/smuggled"), static seen => Assert.True(seen.Head.Contains("X-Forwarded-For", StringComparison.Ordinal), seen.Head));
    }

    [Theory]
    [InlineData("/plain/a%0d%0aX-Injected:%201")]
    [InlineData("/ttl/a%0d%0aX-Injected:%201")]
    [InlineData("/ttl/a?x=%0d%0aX-Injected:%201")]
    [InlineData("/named/a?id=%0d%0aX-Injected:%201")]
    [InlineData("/nowhere%0d%0aX-Injected:%201")]
    public async Task EscapedLineEnd_InATarget_IsNoLineEndAnywhere(string target)
    {
        var reply = await rig.GetAsync(target);
        Assert.Null(reply["X-Injected"]);
        Assert.All(rig.Origin.All, static seen => Assert.Null(seen["X-Injected"]));
        Assert.DoesNotContain("X-Injected: 1\n", rig.Proxy.Output, StringComparison.Ordinal);
    }

    // A server that waits for more of a request that will not come is as good as one that hung up: nothing was accepted.
    private static async Task<WireReply> ReadOrEndAsync(WireClient client)
    {
        try
        {
            return await client.ReadAsync().WaitAsync(TimeSpan.FromMilliseconds(500));
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidDataException or OperationCanceledException)
        {
            return WireReply.None;
        }
    }

    public sealed class Rig : ProxyRig;
}
