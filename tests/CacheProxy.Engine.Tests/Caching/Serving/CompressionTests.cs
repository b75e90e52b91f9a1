using System.IO.Compression;
using System.Text;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Tests.Caching.Serving;

/// <summary>One stored response in three forms (DESIGN 3, RFC 9110 §8.8.3.3, §12.5.3).</summary>
public sealed class CompressionTests
{
    private static readonly string s_body = "{\"rows\":[" + string.Join(',', Enumerable.Range(0, 400).Select(i => $"{{\"id\":{i},\"name\":\"model\"}}")) + "]}";
    private static readonly CachePolicyConfig s_policy = new() { Name = "p", Key = "p:{id}", Ttl = "1m" };

    private static Task<RoutedHost> StartAsync(params string[] headers) => RoutedHost.StartAsync(_ => RoutedAnswer.Json(s_body, headers), null, s_policy);

    [Theory]
    [InlineData("gzip", "--gzip")]
    [InlineData("br", "--br")]
    public async Task Get_AcceptedCoding_IsMadeOnceAndServedWithATagOfItsOwn(string coding, string suffix)
    {
        await using var host = await StartAsync("ETag", "\"x\"");
        var first = await host.GetAsync("/p/1");
        Assert.Equal((200, null, "\"x\"", "Accept-Encoding", s_body), (first.Status, first["Content-Encoding"], first["ETag"], first["Vary"], first.Text));
        var plainBytes = host.Memory.Bytes;

        var coded = await CodedAsync(host, "/p/1", coding);

        Assert.Equal((200, $"\"x{suffix}\"", "Accept-Encoding", "HIT"), (coded.Status, coded["ETag"], coded["Vary"], coded.Cache));
        Assert.Equal(s_body, Decode(coded.Body, coding));
        Assert.Equal(1, host.Origin.Count);
        await Poll.UntilAsync(() => host.Memory.Bytes >= plainBytes + coded.Body.Length, "the form does not count");
        var plain = await host.GetAsync("/p/1");
        Assert.Equal((null, "\"x\"", "Accept-Encoding", s_body), (plain["Content-Encoding"], plain["ETag"], plain["Vary"], plain.Text));
    }

    [Theory]
    [InlineData("gzip;q=0", null)]
    [InlineData("identity;q=1, *;q=0", null)]
    [InlineData("GZip; Q=0.0", null)]
    [InlineData("gzip;q=0.001, identity;q=0", "gzip")]
    [InlineData("*;q=1, identity;q=0", "br")]
    [InlineData("x-gzip", "gzip")]
    [InlineData("", null)]
    public async Task Get_RefusalsAndWildcards_AreObeyed(string acceptEncoding, string? expected)
    {
        await using var host = await StartAsync();
        await CodedAsync(host, "/p/1", "gzip");
        await CodedAsync(host, "/p/1", "br");

        var get = await host.GetAsync("/p/1", "Accept-Encoding", acceptEncoding);
        var head = await host.SendAsync(HttpMethod.Head, "/p/1", "Accept-Encoding", acceptEncoding);

        Assert.Equal(expected, get["Content-Encoding"]);
        Assert.Equal(s_body, expected is null ? get.Text : Decode(get.Body, expected));
        Assert.Equal("Accept-Encoding", get["Vary"]);
        Assert.Equal(
            (get["Content-Encoding"], get["ETag"], get["Vary"], get["Content-Length"]),
            (head["Content-Encoding"], head["ETag"], head["Vary"], head["Content-Length"]));
    }

    [Fact]
    public async Task Get_NothingButACodingAccepted_IsNotMadeToWaitForTheNextRequest()
    {
        await using var host = await StartAsync();
        await host.GetAsync("/p/1");

        var coded = await host.GetAsync("/p/1", "Accept-Encoding", "gzip, identity;q=0");

        Assert.Equal("gzip", coded["Content-Encoding"]);
        Assert.Equal(s_body, Decode(coded.Body, "gzip"));
    }

    [Fact]
    public async Task Conditional_TagOfAForm_Answers304OnlyWhereThatFormIsAccepted()
    {
        await using var host = await StartAsync("ETag", "\"x\"");
        var coded = await CodedAsync(host, "/p/1", "gzip");
        var tag = coded["ETag"]!;

        var same = await host.GetAsync("/p/1", "Accept-Encoding", "gzip", "If-None-Match", tag);
        var other = await host.GetAsync("/p/1", "If-None-Match", tag);
        var plain = await host.GetAsync("/p/1", "Accept-Encoding", "gzip", "If-None-Match", "\"x\"");

        Assert.Equal((304, tag, "Accept-Encoding", 0), (same.Status, same["ETag"], same["Vary"], same.Body.Length));
        Assert.Null(same["Content-Encoding"]);
        Assert.Equal((200, s_body, "\"x\""), (other.Status, other.Text, other["ETag"]));
        // It has the plain form, which it also accepts.
        Assert.Equal((304, "\"x\""), (plain.Status, plain["ETag"]));
    }

    [Fact]
    public async Task Range_IsOfThePlainForm_UnlessTheOtherWasBegun()
    {
        await using var host = await StartAsync("ETag", "\"x\"");
        var coded = await CodedAsync(host, "/p/1", "gzip");

        var part = await host.GetAsync("/p/1", "Accept-Encoding", "gzip", "Range", "bytes=0-9");
        var codedPart = await host.GetAsync("/p/1", "Accept-Encoding", "gzip", "Range", "bytes=0-9", "If-Range", coded["ETag"]!);
        var foreign = await host.GetAsync("/p/1", "Range", "bytes=0-9", "If-Range", coded["ETag"]!);

        Assert.Equal((206, null, s_body[..10]), (part.Status, part["Content-Encoding"], part.Text));
        Assert.Equal((206, "gzip", $"bytes 0-9/{coded.Body.Length}"), (codedPart.Status, codedPart["Content-Encoding"], codedPart["Content-Range"]));
        Assert.Equal(coded.Body[..10], codedPart.Body);
        Assert.Equal((200, s_body), (foreign.Status, foreign.Text));
    }

    [Fact]
    public async Task Get_NoTransform_IsNeverCompressed()
    {
        await using var host = await StartAsync("Cache-Control", "no-transform");

        await host.GetAsync("/p/1", "Accept-Encoding", "gzip");
        var hit = await host.GetAsync("/p/1", "Accept-Encoding", "gzip, identity;q=0");

        Assert.Equal(("HIT", null, null, s_body), (hit.Cache, hit["Content-Encoding"], hit["Vary"], hit.Text));
    }

    [Fact]
    public async Task Passing_TagsOfForms_NeverReachTheOrigin()
    {
        await using var host = await StartAsync("ETag", "\"x\"");

        await host.SendAsync(HttpMethod.Put, "/p/1", "If-Match", "\"x--gzip\"");
        await host.GetAsync("/p/1?use_cache=false", "If-None-Match", "\"y\", \"x--br\"");
        await host.GetAsync("/p/1?use_cache=false", "If-Range", "\"x--br\"", "Range", "bytes=0-1");

        var asked = host.Origin.Asked.Select(request => (request.Headers.IfMatch.ToString(), request.Headers.IfNoneMatch.ToString(), request.Headers.IfRange.ToString() + request.Headers.Range)).ToList();
        Assert.Equal([("\"x\"", "", ""), ("", "\"y\"", ""), ("", "", "")], asked);
    }

    [Fact]
    public async Task Revalidation_OfACodedEntry_SendsTheOriginsTagAndKeepsTheForm()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var host = await RoutedHost.StartAsync(
            request => request.Headers.IfNoneMatch.Count > 0 ? new(304, "", "ETag", "\"x\"") : RoutedAnswer.Json(s_body, "ETag", "\"x\""), time, s_policy);
        await CodedAsync(host, "/p/1", "gzip");
        time.Advance(TimeSpan.FromSeconds(61));

        var again = await host.GetAsync("/p/1", "Accept-Encoding", "gzip");

        Assert.Equal(("REVALIDATED", "gzip", "\"x--gzip\""), (again.Cache, again["Content-Encoding"], again["ETag"]));
        Assert.Equal("\"x\"", host.Origin.Asked.Last().Headers.IfNoneMatch.ToString());
    }

    private static async Task<RoutedReply> CodedAsync(RoutedHost host, string target, string coding)
    {
        RoutedReply? coded = null;
        await Poll.UntilAsync(async () => (coded = await host.GetAsync(target, "Accept-Encoding", coding))["Content-Encoding"] == coding, $"no {coding} form was made");
        return coded!;
    }

    private static string Decode(byte[] body, string coding)
    {
        using Stream decoder = coding == "br" ? new BrotliStream(new MemoryStream(body), CompressionMode.Decompress) : new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var reader = new StreamReader(decoder, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
