using System.IO.Pipelines;
using System.Text;
using CacheProxy.Engine.Policies;
using Microsoft.AspNetCore.Http;
using static CacheProxy.Engine.Tests.Policies.PolicyRequests;

namespace CacheProxy.Engine.Tests.Policies;

public sealed class RequestBodyTests
{
    private static readonly CachePolicyConfig s_byId = new() { Name = "by-id", Methods = ["POST"], Key = "k:{body.id}", Ttl = "1m" };

    [Theory]
    [InlineData("""{"id":1,"id":2}""")]
    [InlineData("""{"id":1,"\u0069d":2}""")]
    [InlineData("""{"id":1,"ID":2}""")]
    [InlineData("""{"Id":1}""")]
    [InlineData("""{"id":"\ud800"}""")]
    [InlineData("""{"\ud800":1,"id":1}""")]
    [InlineData("""{"id":1,"x":{"a":1,"a":2}}""")]
    [InlineData("""{"id":1}x""")]
    [InlineData("""{"id":1}{"id":2}""")]
    [InlineData("""{"id":1,}""")]
    [InlineData("""{"id":1/*x*/}""")]
    [InlineData("""{'id':1}""")]
    [InlineData("\uFEFF{\"id\":1}")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("x")]
    public void Body_ThatTwoParsersReadDifferently_Bypasses(string json) => Assert.Equal(BypassReason.BodyAmbiguous, Post(s_byId, json).Reason);

    /// <summary>The thread that brought a long body may be the one on which all sockets are read.</summary>
    [Theory]
    [InlineData(1_000, false)]
    [InlineData(50_000, true)]
    public async Task Body_ThatTakesLongToParse_IsParsedElsewhere(int numbers, bool elsewhere)
    {
        var json = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, numbers))}]");
        var leftAtOnce = false;

        // Now and then another thread is done before this one has looked.
        for (var i = 0; i < 50 && !leftAtOnce; i++)
        {
            var context = new DefaultHttpContext();
            (context.Request.Method, context.Request.ContentType, context.Request.ContentLength) = ("POST", "application/json", json.Length);
            context.Request.Body = new MemoryStream(json);
            var reading = RequestBody.ReadAsync(context, 1 << 20, CancellationToken.None);
            leftAtOnce = !reading.IsCompleted;
            Assert.Equal(BypassReason.None, (await reading).Problem);
        }

        Assert.Equal(elsewhere, leftAtOnce);
    }

    [Fact]
    public void Body_InvalidUtf8OrTooDeep_Bypasses()
    {
        byte[] invalid = [.. "{\"id\":\""u8, 0xFF, .. "\"}"u8];
        var deep = Encoding.UTF8.GetBytes($$"""{"id":1,"x":{{new string('[', 70)}}{{new string(']', 70)}}}""");

        Assert.Equal(BypassReason.BodyAmbiguous, RequestBody.Of(invalid).Problem);
        Assert.Equal(BypassReason.BodyAmbiguous, RequestBody.Of(deep).Problem);
        Assert.Equal(BypassReason.BodyAmbiguous, RequestBody.Of(Encoding.Unicode.GetBytes("{\"id\":1}")).Problem);
    }

    [Fact]
    public void Body_DifferentValues_DifferInIdentityAndName()
    {
        string[] bodies =
        [
            """{"id":"x"}""", """{"id":"5"}""", """{"id":5}""", """{"id":5.0}""", """{"id":5e0}""", """{"id":-0}""", """{"id":"true"}""", """{"id":true}""", """{"id":""}""",
            """{"id":["x"]}""", """{"id":["x","y"]}""", """{"id":["y","x"]}""", """{"id":["x|y"]}""", """{"id":[]}""", """{"id":[""]}""", """{"id":[5]}""",
            """{"id":"x","a":null}""", """{"id":"x","a":{}}""", """{"id":"x","a":[]}""", """{"id":"x","a":"null"}""", """{"id":"x","a.b":1}""", """{"id":"x","a":{"b":1}}""",
        ];
        var plans = bodies.Select(body => Post(s_byId, body).Plan!).ToList();

        Assert.Equal(bodies.Length, plans.Select(plan => plan.Identity).Distinct().Count());
        Assert.Equal(bodies.Length, plans.Select(plan => plan.Name).Distinct().Count());
        Assert.Equal("k:x", plans[0].Name);
        Assert.Equal("k:5", plans[2].Name);
    }

    [Fact]
    public void Body_OrderAndWhiteSpace_DoNotCountBesideNamedFields()
    {
        var first = Post(s_byId, """{"id":"x","b":[1, 2],"a":"ž"}""").Plan!;
        var second = Post(s_byId, """{ "a" : "\u017e", "id":"x", "b":[1,2] }""").Plan!;

        Assert.Equal(first.Identity, second.Identity);
        Assert.Equal(first.Name, second.Name);
        Assert.Equal("""{ "a" : "\u017e", "id":"x", "b":[1,2] }""", Encoding.UTF8.GetString(second.Body!.Value.Span));
    }

    [Fact]
    public void Body_NoFieldNamed_IsKeyedByteForByte()
    {
        var config = new CachePolicyConfig { Name = "raw", Methods = ["POST"], Ttl = "1m" };
        string[] bodies = ["[1,2]", "[2,1]", "[1, 2]", """{"0":1,"1":2}""", "[]", "{}", "\"x\"", "1", "1.0", "true", "null", """{"a":[{"b":1}]}"""];

        Assert.Equal(bodies.Length, bodies.Select(body => Post(config, body).Plan!.Name).Distinct().Count());
        Assert.Equal(Post(config, "[1,2]").Plan!.Identity, Post(config, "[1,2]").Plan!.Identity);
    }

    [Theory]
    [InlineData("""{"id":"x","trace":{"t":1,"u":2}}""", """{"id":"x","trace":{"u":2}}""")]
    [InlineData("""{"id":"x","trace":{"t":1}}""", """{"id":"x","trace":{}}""")]
    [InlineData("""{"id":"x","trace":[{"t":1}]}""", """{"id":"x","trace":[{"t":1}]}""")]
    [InlineData("""{"id":"x","trace.t":1}""", """{"id":"x","trace.t":1}""")]
    public void IgnoreBody_Field_IsNeitherKeyedNorSent(string json, string sent)
    {
        var config = s_byId with { IgnoreBody = ["trace.t"] };
        var plan = Post(config, json).Plan!;

        Assert.Equal(sent, Encoding.UTF8.GetString(plan.Body!.Value.Span));
        Assert.Equal(Post(config, sent).Plan!.Identity, plan.Identity);
    }

    [Theory]
    [InlineData("""{"id":"x","fresh":true}""", BypassReason.Requested)]
    [InlineData("""{"id":"x","fresh":"Yes"}""", BypassReason.Requested)]
    [InlineData("""{"id":"x","fresh":false}""", BypassReason.None)]
    public void Bypass_BodyField_IsJudged(string json, BypassReason expected) =>
        Assert.Equal(expected, Post(s_byId with { Bypass = new Dictionary<string, string> { ["body.fresh"] = "true" } }, json).Reason);

    [Theory]
    [InlineData("""{"id":null}""")]
    [InlineData("""{"id":{}}""")]
    [InlineData("""{"id":[["a"]]}""")]
    [InlineData("""{"x":1}""")]
    [InlineData("""[{"id":1}]""")]
    [InlineData("""{"id":".."}""")]
    public void Key_MandatoryFieldThatSaysNothing_Bypasses(string json) => Assert.Equal(BypassReason.KeyIncomplete, Post(s_byId, json).Reason);

    [Theory]
    [InlineData("application/json", null, BypassReason.None)]
    [InlineData("application/vnd.api+json; charset=UTF-8", null, BypassReason.None)]
    [InlineData("application/json; charset=utf-16", null, BypassReason.BodyType)]
    [InlineData("application/x-www-form-urlencoded", null, BypassReason.BodyType)]
    [InlineData("application/json", "gzip", BypassReason.BodyType)]
    [InlineData(null, null, BypassReason.BodyType)]
    public async Task Read_Type_DecidesWhetherItIsKeyed(string? type, string? coding, BypassReason expected)
    {
        var request = WithBody("""{"id":1}"""u8.ToArray());
        if (type is not null) request.Request.ContentType = type;
        if (coding is not null) request.Request.Headers.ContentEncoding = coding;

        Assert.Equal(expected, (await RequestBody.ReadAsync(request, 1000, CancellationToken.None)).Problem);
    }

    [Theory]
    [InlineData(10, 10, BypassReason.None)]
    [InlineData(11, 10, BypassReason.BodyTooLarge)]
    [InlineData(5000, 10, BypassReason.BodyTooLarge)]
    [InlineData(5000, 100_000, BypassReason.None)]
    public async Task Read_AnyLength_LeavesTheWholeBodyToBePassedOn(int length, int max, BypassReason expected)
    {
        var body = Encoding.UTF8.GetBytes("\"" + new string('x', length - 2) + "\"");
        var request = WithBody(body);
        request.Request.ContentType = "application/json";

        var read = await RequestBody.ReadAsync(request, max, CancellationToken.None);

        Assert.Equal(expected, read.Problem);
        using var passed = new MemoryStream();
        await request.Request.Body.CopyToAsync(passed);
        Assert.Equal(body, passed.ToArray());
    }

    private static DefaultHttpContext WithBody(byte[] body)
    {
        var context = new DefaultHttpContext();
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
        pipe.Writer.WriteAsync(body).AsTask().GetAwaiter().GetResult();
        pipe.Writer.Complete();
        context.Request.Method = "POST";
        context.Request.Body = pipe.Reader.AsStream();
        return context;
    }
}
