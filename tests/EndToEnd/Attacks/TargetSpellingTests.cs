using System.Globalization;
using EndToEnd.Wire;

namespace EndToEnd.Attacks;

/// <summary>
/// Targets that look alike (RELIABILITY A6 to A8, F3, F4): for each spelling the answer must be the one that the origin gives to exactly
/// that target, whatever was asked before it, in any order.
/// </summary>
public sealed class TargetSpellingTests(TargetSpellingTests.Rig rig) : IClassFixture<TargetSpellingTests.Rig>
{
    private const int Orders = 4;

    private static readonly string[] s_queries =
    [
        "", "?", "?id=1", "?id=2", "?ID=1", "?Id=1", "?id=", "?id", "?id=1&id=2", "?id=2&id=1", "?id=1&ID=2", "?ID=2&id=1", "?id=1;id=2", "?id=1;x=2", "?id=1%26id=2", "?id=1%3Bid=2",
        "?id%3D1", "?%69d=1", "?%69d=2&id=1", "?id=1&%69d=2", "?id=1&%49D=2", "?id=%31", "?id=1%20", "?id=1+", "?id=+1", "?id=1%2B", "?id[]=1", "?id[]=1&id=2", "?id[0]=1", "?id=1&x=", "?id=1&x",
        "?x=&id=1", "?id=1&", "?&id=1", "?&&id=1", "?id=1#f", "?id=1%23f", "?id=1?id=2", "??id=1", "?id=1%00", "?id=1%0d%0a", "?id=a:b", "?id=a%3Ab", "?id=a|b", "?id=null", "?id=1&utm_source=x",
        "?utm_source=x&id=1", "?id=1&_method=DELETE", "?id=%C3%A9", "?id=%c3%a9", "?id=%E9", "?id=1,2", "?id=1%2C2", "?id=1=2", "?=1", "?id==1", "?x=1&y=2&id=3", "?y=2&x=1&id=3", "?id=3&y=2&x=1",
    ];

    [Theory]
    [InlineData("first")]
    [InlineData("last")]
    [InlineData("join")]
    [InlineData("caseless")]
    public async Task Query_SpelledInEveryWay_AnswersAsTheOriginReadsIt(string reading)
    {
        for (var order = 0; order < Orders; order++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"{ProxyRig.Path("named")}/{reading}{order}");
            rig.Origin.On(path, (request, connection) => connection.AnswerAsync(QueryReadings.Read(request.Target, reading)));
            var spellings = s_queries.ToArray();
            new Random(order).Shuffle(spellings);
            await using var client = await WireClient.ConnectAsync(rig.Url);
            foreach (var query in spellings)
            {
                var reply = await client.SendAndReadAsync(rig.Url, path + query);
                // What follows '#' is no part of a target; Kestrel refuses it, or it is dropped.
                if (reply.Status == 400)
                {
                    await client.DisposeAsync();
                    continue;
                }
                Assert.True(reply.Text == QueryReadings.Read(path + query, reading), $"{reading}, order {order}, {query}: '{reply.Text}'");
            }
        }
    }

    [Theory]
    [InlineData("ttl", "/x{0}y")]
    [InlineData("ttl", "/x?q=a{0}b")]
    [InlineData("named", "/x{0}y")]
    [InlineData("named", "/x?id=a{0}b")]
    [InlineData("origin", "/x{0}y")]
    [InlineData("origin", "/x?q=a{0}b")]
    public async Task EscapedByte_EveryOneOfThem_OriginSeesExactlyTheTargetThatIsAnswered(string route, string form)
    {
        var prefix = ProxyRig.Path(route);
        rig.Origin.On(prefix, static (request, connection) => connection.AnswerAsync(request.Target, "Cache-Control: max-age=60"));
        var targets = new List<string>();
        for (var i = 0; i < 256; i++)
        {
            foreach (var escaped in new[] { $"%{i:X2}", $"%{i:x2}", $"%25{i:X2}" })
                targets.Add(prefix + string.Format(CultureInfo.InvariantCulture, form, escaped));
            if (i is > 0x20 and < 0x7f and not '#' and not '?') targets.Add(prefix + string.Format(CultureInfo.InvariantCulture, form, (char)i));
        }

        for (var round = 0; round < 2; round++)
        {
            var order = targets.ToArray();
            new Random(round).Shuffle(order);
            var refused = 0;
            await Parallel.ForEachAsync(order.Chunk(64), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (chunk, _) =>
            {
                foreach (var target in chunk)
                {
                    var reply = await rig.GetAsync(target);
                    Assert.True(reply.Status is 200 or 400, $"{target}: {reply.Head}");
                    if (reply.Status == 200) Assert.True(SameTarget(target, reply.Text), $"{target}: {reply.Text}");
                    else Interlocked.Increment(ref refused);
                }
            });
            Assert.True(refused < 16, $"{refused} were refused");
        }
    }

    [Fact]
    public async Task Path_SpelledLikeAStaticFile_NeverGivesAStrangerWhatAnOwnerGot()
    {
        string[] spellings =
        [
            "", "/", "//", "/x.css", ";x.css", "%00.css", "%23.css", "%3fx.css", "%2f..%2fx.css", "/..%2fx.css", "/%2e%2e/x.css", "/../secret", "/./", "/%2e/", "\\x.css", "%5cx.css", "%0a.css", "%0d%0a",
            "/x.js", "/x.png", "/favicon.ico", "/robots.txt", ".css", "%2ecss", "?x.css", "?.css", "/;/x.css", "%3b.css", "/x;jsessionid=1", "%20", "%09", "/%20/x", "/x%2ecss", "/%2f", "%2f", "/x.CSS", ".JSON", "/a/b/../../x",
        ];
        var leaks = new List<string>();
        foreach (var route in new[] { "ttl", "named", "origin" })
        {
            foreach (var spelling in spellings)
            {
                var path = ProxyRig.Path(route) + spelling;
                rig.Origin.On(path.Split('?')[0], static (request, connection) =>
                    connection.AnswerAsync($"for {request["Cookie"] ?? request["Authorization"] ?? "nobody"}", "Cache-Control: private, max-age=60"));
                foreach (var credential in new[] { "Cookie: session=secret", "Authorization: Bearer secret", "X-Api-Key: secret" })
                {
                    var owner = await rig.GetAsync(path, credential);
                    var stranger = await rig.GetAsync(path);
                    if (stranger.Text.Contains("secret", StringComparison.Ordinal)) leaks.Add($"{path} after {credential}: {owner.Cache} {stranger.Cache}");
                }
            }
        }
        Assert.Empty(leaks);
    }

    // Dot segments are resolved before anything else; every other byte stays as it came.
    private static bool SameTarget(string asked, string seen) => asked == seen
        || new Uri("http://h" + asked).AbsolutePath.TrimEnd('/') == new Uri("http://h" + seen).AbsolutePath.TrimEnd('/') && asked.Contains("/.", StringComparison.Ordinal);

    public sealed class Rig : ProxyRig;
}
