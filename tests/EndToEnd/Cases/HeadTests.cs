using EndToEnd.Wire;

namespace EndToEnd.Cases;

/// <summary>HEAD before and after GET, over both versions (CASES 7): it never announces an empty content, and never becomes a GET's.</summary>
public sealed class HeadTests(HeadTests.Rig rig) : IClassFixture<HeadTests.Rig>
{
    private const string Fresh = "Cache-Control: max-age=60";
    private const int Length = 1_234;

    [Theory]
    [InlineData("origin", true, 2)]
    [InlineData("origin", false, 2)]
    [InlineData("ttl", true, 2)]
    [InlineData("ttl", false, 2)]
    [InlineData("origin", true, 1)]
    [InlineData("origin", false, 1)]
    [InlineData("ttl", true, 1)]
    [InlineData("ttl", false, 1)]
    public async Task Head_BeforeAndAfterGet_HasGetsLengthOrNone(string route, bool lengthKnown, int version)
    {
        var path = ProxyRig.Path(route);
        var body = MarkedBody.Make(path, 1, Length);
        rig.Origin.On(path, (request, connection) =>
        {
            var head = lengthKnown ? OriginConnection.Head(Length, Fresh) : OriginConnection.ChunkedHead(Fresh);
            var content = lengthKnown ? body : OriginConnection.Chunk(body) + "0\r\n\r\n";
            return connection.SayAsync(request.Method == "HEAD" ? head : head + content);
        });

        foreach (var method in new[] { "HEAD", "HEAD", "GET", "HEAD", "GET" })
        {
            var reply = await AskAsync(method);
            Assert.Equal(200, reply.Status);
            if (method == "GET") Assert.Equal(body, reply.Text);
            else Assert.True(reply["Content-Length"] is null or "1234", reply.Head);
        }

        // The GET's response answers all that come after it.
        var seen = rig.Origin.Seen(path).Select(static request => request.Method).ToList();
        Assert.Equal(1, seen.Count(static method => method == "GET"));
        Assert.InRange(seen.Count, 1, 3);
        Assert.Equal("HIT", (await AskAsync("HEAD")).Cache);

        Task<WireReply> AskAsync(string method) => version == 2 ? rig.AskHttp2Async(new HttpMethod(method), path) : WireClient.AskAsync(rig.Url, path, method: method);
    }

    public sealed class Rig : Http2Rig;
}
