using System.Globalization;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>Validation with the origin and its effect on the age (CASES 4), and the 304 that we send (CASES 5).</summary>
public sealed class ValidationTests(ValidationTests.Rig rig) : IClassFixture<ValidationTests.Rig>
{
    private const int Length = 7_133;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("ETag: \"a\"", "REVALIDATED")]
    [InlineData("Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", "REVALIDATED")]
    [InlineData("", "MISS")]
    public async Task Age_AfterTheOriginWasAskedAgain_BeginsAnew(string validator, string asked)
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, (request, connection) =>
        {
            var fields = string.Create(CultureInfo.InvariantCulture, $"Cache-Control: max-age=2\r\nDate: {TimeProvider.System.GetUtcNow():r}{(validator.Length > 0 ? "\r\n" + validator : "")}");
            return request["If-None-Match"] is null && request["If-Modified-Since"] is null
                ? connection.AnswerAsync(string.Create(CultureInfo.InvariantCulture, $"v{request.Number}"), fields)
                : connection.SayAsync($"HTTP/1.1 304 Not Modified\r\n{fields}\r\n\r\n");
        });

        var (date, request) = ("", 0);
        for (var round = 1; round <= 3; round++)
        {
            // As soon as it is stale the origin is asked, once.
            var reply = WireReply.None;
            await Poll.UntilAsync(async () => (reply = await rig.GetAsync(path)).Cache != "HIT", Limit, () => $"It never became stale: {reply.Head}");
            Assert.Equal((round == 1 ? "MISS" : asked, ++request), (reply.Cache, rig.Origin.Count(path)));

            var hit = await rig.GetAsync(path);
            Assert.Equal(("HIT", validator.Length > 0 ? "v1" : $"v{round}"), (hit.Cache, hit.Text));
            // Its date is that of the last answer, and its age counts from it: apart by the fraction of a second that a date has not.
            Assert.NotEqual(date, hit["Date"]);
            date = hit["Date"]!;
            Assert.InRange(int.Parse(hit["Age"] ?? "0", CultureInfo.InvariantCulture), 0, 1);
            Assert.Equal(request, rig.Origin.Count(path));
        }
    }

    [Theory]
    [InlineData("ttl", "Cache-Control: max-age=60")]
    [InlineData("origin", "Cache-Control: max-age=60\r\nETag: \"a\"\r\nVary: Accept-Language")]
    public async Task NotModified_ThatWeSend_HasTheFieldsOfItAndNoneOfAContent(string route, string fields)
    {
        var path = ProxyRig.Path(route);
        var body = MarkedBody.Make(path, 1, Length);
        rig.Origin.On(path, (_, connection) => connection.AnswerAsync(body, fields));
        await using var client = await WireClient.ConnectAsync(rig.Url);
        Func<string, Task<WireReply>>[] versions =
        [
            fields => client.SendAndReadAsync(rig.Url, path, fields),
            fields => rig.AskHttp2Async(HttpMethod.Get, path, [.. fields.Split("\r\n").Select(static field => (field.Split(": ")[0], field.Split(": ")[1]))]),
        ];
        foreach (var askAsync in versions)
        {
            await Poll.UntilAsync(async () => (await askAsync("Accept-Encoding: gzip"))["Content-Encoding"] == "gzip", Limit, static () => "It is not compressed");
            // One connection: nothing of a 304 may be left for the answer after it.
            foreach (var coding in new[] { "identity", "gzip", "identity" })
            {
                var whole = await askAsync($"Accept-Encoding: {coding}");
                Assert.Equal(body, Codings.Decode(whole));
                IsGood(await askAsync($"Accept-Encoding: {coding}\r\nIf-None-Match: {whole["ETag"]}"), whole);
            }
        }
        // The authority is another one, and so is the key.
        Assert.Equal(versions.Length, rig.Origin.Count(path));
    }

    /// <summary>A second cache before ours takes our 304 for what it is.</summary>
    [Fact]
    public async Task NotModified_ThatWeSend_FreshensTheNextCache()
    {
        var path = ProxyRig.Path("origin");
        rig.Origin.On(path, static (_, connection) => connection.AnswerAsync(new string('x', Length), "Cache-Control: max-age=1, s-maxage=1\r\nETag: \"a\""));
        await using var second = await ProxyProcess.StartAsync(new ProxySettings { RoutesPath = RoutesText.Write(RoutesText.For(rig.Url)) });
        await WireClient.AskAsync(second.Url, path);

        var reply = WireReply.None;
        await Poll.UntilAsync(async () => (reply = await WireClient.AskAsync(second.Url, path)).Cache == "REVALIDATED", Limit, () => $"The next cache never took a 304 of ours: {reply.Head}");

        Assert.Equal((200, Length, "\"a\"", "text/plain"), (reply.Status, reply.Body.Length, reply["ETag"], reply["Content-Type"]));
    }

    private static void IsGood(WireReply reply, WireReply whole)
    {
        Assert.Equal((304, 0), (reply.Status, reply.Body.Length));
        foreach (var name in new[] { "ETag", "Cache-Control", "Date", "Vary" }) Assert.Equal((name, whole[name]), (name, reply[name]));
        Assert.NotNull(reply["Age"]);
        foreach (var name in new[] { "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding" }) Assert.True(reply[name] is null, $"{name}: {reply.Head}");
    }

    public sealed class Rig : Http2Rig;
}
