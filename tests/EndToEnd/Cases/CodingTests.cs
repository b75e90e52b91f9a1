using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>Bodies that we compress ourselves: who gets which form (CASES 3), and which tag it has (CASES 6).</summary>
public sealed class CodingTests(CodingTests.Rig rig) : IClassFixture<CodingTests.Rig>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly string s_body = $"[{string.Join(",\n", Enumerable.Repeat("""{"accuracy":0.95,"f1":0.93}""", 700))}]";

    [Theory]
    [InlineData("Accept-Encoding: gzip;q=0", "identity")]
    [InlineData("Accept-Encoding: identity;q=1, *;q=0", "identity")]
    [InlineData("Accept-Encoding: GZip; Q=0.0", "identity")]
    [InlineData("Accept-Encoding: ", "identity")]
    [InlineData("Accept-Encoding: gzip;q=0, br;q=0", "identity")]
    [InlineData("Accept-Encoding: gzip;q=0.001, identity;q=0", "gzip")]
    [InlineData("Accept-Encoding: *;q=1, identity;q=0", "br or gzip")]
    [InlineData("Accept-Encoding: x-gzip", "gzip or identity")]
    [InlineData("Accept-Encoding: *", "br or gzip or identity")]
    [InlineData("", "br or gzip or identity")]
    public async Task Refusals_InAcceptEncoding_AreObeyedAndHeadSaysTheSame(string accept, string allowed)
    {
        var path = Json("ttl");
        foreach (var coding in new[] { "gzip", "br" }) await CodedAsync(path, coding);

        var get = await rig.GetAsync(path, accept);
        var head = await WireClient.AskAsync(rig.Url, path, accept, "HEAD");

        Assert.Contains(get["Content-Encoding"] ?? "identity", allowed.Split(" or "));
        Assert.Equal(s_body, Codings.Decode(get));
        foreach (var name in new[] { "Content-Encoding", "Content-Length", "ETag", "Vary", "Content-Type" }) Assert.Equal((name, get[name]), (name, head[name]));
        Assert.Contains("Accept-Encoding", get["Vary"], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The first request of all is the one that nothing is ready for.</summary>
    [Theory]
    [InlineData("Accept-Encoding: gzip;q=0", "identity")]
    [InlineData("Accept-Encoding: gzip, identity;q=0", "gzip")]
    [InlineData("Accept-Encoding: br;q=0, gzip;q=0.1", "gzip or identity")]
    public async Task Refusals_OnAMiss_AreObeyed(string accept, string allowed)
    {
        var path = Json("ttl");
        var reply = await rig.GetAsync(path, accept);
        Assert.Contains(reply["Content-Encoding"] ?? "identity", allowed.Split(" or "));
        Assert.Equal(s_body, Codings.Decode(reply));
    }

    [Fact]
    public async Task Tags_OfTheForms_AreOfThoseBytesAlone()
    {
        var path = Json("ttl", "ETag: \"x\"");
        var identity = await rig.GetAsync(path, "Accept-Encoding: identity");
        var gzip = await CodedAsync(path, "gzip");
        var brotli = await CodedAsync(path, "br");
        string[] tags = [identity["ETag"]!, gzip["ETag"]!, brotli["ETag"]!];
        Assert.Equal(3, tags.Distinct().Count());

        foreach (var (form, coding) in new[] { (gzip, "gzip"), (brotli, "br") })
        {
            var same = await rig.GetAsync(path, $"Accept-Encoding: {coding}\r\nIf-None-Match: {form["ETag"]}");
            Assert.Equal((304, form["ETag"]), (same.Status, same["ETag"]));
            var other = await rig.GetAsync(path, $"If-None-Match: {form["ETag"]}");
            Assert.Equal((200, s_body), (other.Status, Codings.Decode(other)));
        }
        var plain = await rig.GetAsync(path, "Accept-Encoding: gzip\r\nIf-None-Match: \"x\"");
        Assert.True(plain.Status == 200 || plain["ETag"] == "\"x\"", plain.Head);

        // Bytes of one form are never joined to those of another.
        var range = await rig.GetAsync(path, $"Range: bytes=0-9\r\nIf-Range: {gzip["ETag"]}");
        Assert.Equal((200, s_body), (range.Status, range.Text));
        var begun = await rig.GetAsync(path, $"Accept-Encoding: gzip\r\nRange: bytes=0-9\r\nIf-Range: {gzip["ETag"]}");
        Assert.True(begun.Status == 206 ? begun.Body.AsSpan().SequenceEqual(gzip.Body.AsSpan(0, 10)) : Codings.Decode(begun) == s_body, begun.Head);
    }

    [Fact]
    public async Task Tag_OfAForm_IsNotWhatTheOriginIsAsked()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, static (request, connection) => request["If-None-Match"] is null
            ? connection.AnswerAsync(s_body, "Cache-Control: max-age=1\r\nETag: \"x\"")
            : connection.SayAsync("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\nETag: \"x\"\r\n\r\n"));
        var coded = await CodedAsync(path, "gzip");

        await Poll.UntilAsync(
            async () => (await rig.GetAsync(path, $"Accept-Encoding: gzip\r\nIf-None-Match: {coded["ETag"]}")).Status == 304 && rig.Origin.Count(path) > 1, Limit, static () => "It was not revalidated");

        Assert.All(rig.Origin.Seen(path).Skip(1), static seen => Assert.Equal("\"x\"", seen["If-None-Match"]));
        var after = await rig.GetAsync(path, "Accept-Encoding: gzip");
        Assert.Equal((coded["ETag"], s_body), (after["ETag"], Codings.Decode(after)));
    }

    private string Json(string route, string fields = "")
    {
        var path = ProxyRig.Path(route);
        rig.Origin.On(path, (_, connection) => connection.AnswerAsync(s_body, fields));
        return path;
    }

    // A form is made behind the first answer that could have used it.
    private async Task<WireReply> CodedAsync(string path, string coding)
    {
        var reply = WireReply.None;
        await Poll.UntilAsync(async () => (reply = await rig.GetAsync(path, $"Accept-Encoding: {coding}"))["Content-Encoding"] == coding, Limit, () => $"No {coding} form was made: {reply.Head}");
        return reply;
    }

    public sealed class Rig : ProxyRig;
}
