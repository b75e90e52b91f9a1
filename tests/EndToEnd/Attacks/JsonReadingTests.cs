using System.Globalization;
using System.Text;
using System.Text.Json;
using EndToEnd.Wire;

namespace EndToEnd.Attacks;

/// <summary>
/// JSON that two parsers read differently (RELIABILITY A12 to A14, F9): before each of three kinds of backend, each body must be answered as
/// that backend reads it, whatever was asked before.
/// </summary>
public sealed class JsonReadingTests(JsonReadingTests.Rig rig) : IClassFixture<JsonReadingTests.Rig>
{
    private const int Orders = 4;

    private static readonly string[] s_bodies =
    [
        """{"id":1}""", """{"id":2}""", """{"id":"1"}""", """{"id":"2"}""", """{"id":1.0}""", """{"id":1e0}""", """{"id":-0}""", """{"id":null}""", """{"id":true}""", """{"id":""}""", """{"id":"null"}""", "{}",
        """{"id":1,"id":2}""", """{"id":2,"id":1}""", """{"id":1,"ID":2}""", """{"ID":2,"id":1}""", """{"Id":2}""", """{"ID":1}""", """{"id":1,"\u0069d":2}""", """{"\u0069d":2,"id":1}""", """{"\u0069d":1}""",
        """{"id":[1,2]}""", """{"id":[2,1]}""", """{"id":{"a":1}}""", """{"id":{"a":1,"a":2}}""", """{"id":1,"x":{"id":2}}""", """{"x":{"id":2},"id":1}""", """{"id":1,"x":1}""", """{"x":1,"id":1}""",
        """{"id":1,"x":1,"x":2}""", """{"id":1,"x":2,"x":1}""", """{ "id" : 1 }""", "{\"id\":1}\n", """{"id":1}x""", """{"id":1}{"id":2}""", """{"id":1,}""", """{"id":1""", """{"id":01}""", """{"id":+1}""", """{'id':1}""",
        """{id:1}""", """{"id":1/*c*/}""", """{"id":NaN}""", """{"id":"\ud800"}""", """{"\ud800":1,"id":1}""", "{\"id\":\"\u00ff\"}", """{"id":"\u0000"}""", """{"id":"a:b"}""", """{"id":"a","b":"c"}""", """{"id":"a|b"}""",
        """{"id":12345678901234567890123}""", """{"id":1E400}""", """{"id":"1","":2}""", """{"":2,"id":"1"}""", """[{"id":1}]""", "[]", "1", "\"id\"", "null", "true", "", " ", "id=1", """{"__proto__":{"id":2},"id":1}""",
        """{"id":"é"}""", """{"id":"e\u0301"}""", """{"id.x":2,"id":1}""", """{"x.id":2}""", "\ufeff{\"id\":1}", """{"id" :1,"id ":2}""", """{" id":2,"id":1}""", """{"id\u0000":2,"id":1}""",
    ];

    [Theory]
    [InlineData("first")]
    [InlineData("last")]
    [InlineData("caseless")]
    public async Task Body_OfEveryKind_IsAnsweredAsTheBackendReadsIt(string reading)
    {
        for (var order = 0; order < Orders; order++)
        {
            var path = ProxyRig.Path("json");
            rig.Origin.On(path, (request, connection) => connection.AnswerAsync(Read(request.Body, reading)));
            var bodies = s_bodies.ToArray();
            new Random(order).Shuffle(bodies);
            foreach (var body in bodies)
            {
                var sent = Latin1(body);
                var reply = await WireClient.AskAsync(rig.Url, path, "Content-Type: application/json", "POST", sent);
                Assert.True((reply.Status, reply.Text) == (200, Read(Encoding.Latin1.GetBytes(sent), reading)), $"{reading}, order {order}, {body}: {reply.Status} '{reply.Text}'");
            }
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json\r\nContent-Encoding: gzip")]
    [InlineData("application/jsonx")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Body_OfAnotherType_GoesPastTheCacheUnchanged(string type)
    {
        var path = ProxyRig.Path("json");
        for (var i = 1; i <= 2; i++)
        {
            var reply = await WireClient.AskAsync(rig.Url, path, $"Content-Type: {type}", "POST", """{"id":1}""");
            Assert.Equal((200, "BYPASS"), (reply.Status, reply.Cache));
            Assert.Equal((i, """{"id":1}"""), (rig.Origin.Count(path), rig.Origin.Seen(path)[^1].Text));
        }
    }

    [Fact]
    public async Task Body_ThatIsABomb_IsTheOriginsToJudgeAndNeverAnErrorOfOurs()
    {
        string[] bombs =
        [
            string.Concat(Enumerable.Repeat("[", 65)) + string.Concat(Enumerable.Repeat("]", 65)),
            "{\"id\":" + string.Concat(Enumerable.Repeat("{\"a\":", 100_000)) + "1" + new string('}', 100_001),
            "{\"id\":" + new string('9', 100_000) + "}",
            "{\"id\":\"" + new string('x', 900_000) + "\"}",
            "{\"id\":\"" + new string('x', 1_100_000) + "\"}",
            "{" + string.Join(',', Enumerable.Range(0, 50_000).Select(static i => string.Create(CultureInfo.InvariantCulture, $"\"k{i}\":{i}"))) + "}",
        ];
        foreach (var bomb in bombs)
        {
            var path = ProxyRig.Path("json");
            rig.Origin.On(path, static (request, connection) => connection.AnswerAsync(request.Body.Length.ToString(CultureInfo.InvariantCulture)));
            var reply = await WireClient.AskAsync(rig.Url, path, "Content-Type: application/json", "POST", bomb);
            Assert.Equal(200, reply.Status);
        }
    }

    /// <summary>Any request body is answered as the origin answers it, stored under itself alone.</summary>
    [Fact]
    public async Task Root_OfEveryKind_IsAnsweredAsItself()
    {
        string[] roots = ["[1,2]", "[2,1]", """{"0":1,"1":2}""", "[]", "{}", "\"x\"", "x", "1", "1.0", "true", "null", "", " ", """{"a":[{"b":1}]}""", """{"a":[{"b":2}]}""", "[1, 2]"];
        var path = ProxyRig.Path("body");
        rig.Origin.On(path, static (request, connection) => connection.AnswerAsync($"<{request.Text}>"));
        for (var round = 0; round < 2; round++)
            foreach (var root in roots)
                Assert.Equal($"<{root}>", (await WireClient.AskAsync(rig.Url, path, "Content-Type: application/json", "POST", root)).Text);
    }

    /// <summary>What a backend takes from a body: <c>id</c> as it reads it, and everything else as it stands.</summary>
    private static string Read(byte[] body, string reading)
    {
        try
        {
            // Comments, trailing commas and what follows the document are errors to all three.
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1_000_000 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                while (reader.Read())
                {
                    // To the end: it must be one document.
                }
                return "no object: " + Encoding.Latin1.GetString(body);
            }
            string? id = null;
            var others = new List<string>();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                var value = Encoding.Latin1.GetString(body[start..(int)reader.BytesConsumed]);
                if (!string.Equals(name, "id", reading == "caseless" ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)) others.Add($"{Convert.ToHexString(Encoding.Unicode.GetBytes(name))}={value}");
                else if (id is null || reading != "first") id = value;
            }
            while (reader.Read())
            {
                // To the end.
            }
            return $"id {id} and {string.Join(' ', others.Order(StringComparer.Ordinal))}";
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return "error";
        }
    }

    // The raw client sends Latin-1; characters beyond it go as the bytes of UTF-8, and what is written as \u00ff stays one wrong byte.
    private static string Latin1(string body) => body.Contains('\u00ff', StringComparison.Ordinal) ? body : Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(body));

    public sealed class Rig : ProxyRig;
}
