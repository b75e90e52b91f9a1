using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9111 §3, §3.5, §5.2.2; RFC 6585.</summary>
public class StorabilityTests
{
    private static Storable Decide(
        string method, int status, string[] response, string request = "", bool authorized = false, bool policyKeepsStale = false)
    {
        var fields = Response(response);
        var effective = TargetedCacheControl.Effective(fields);
        return Storability.UnderOrigin(new()
        {
            Method = method,
            Status = status,
            Response = fields,
            Effective = effective,
            Lifetime = Freshness.Of(status, fields, effective, Now),
            RequestDirectives = Directives(request),
            Authorized = authorized,
            PolicyKeepsStale = policyKeepsStale,
        });
    }

    public static TheoryData<Storable, string[]> Responses => new()
    {
        { Storable.Yes, ["Cache-Control: max-age=5"] },
        { Storable.Yes, [$"Expires: {At(5)}"] },
        { Storable.Yes, [$"Last-Modified: {At(-500)}"] },
        { Storable.Yes, ["Cache-Control: no-cache", "ETag: \"a\""] },
        { Storable.Yes, ["ETag: \"a\""] },
        { Storable.Yes, ["Cache-Control: max-age=0, stale-while-revalidate=5"] },
        { Storable.Yes, ["Cache-Control: private=\"x\", max-age=5"] },
        { Storable.Yes, ["Cache-Control: max-age=5", "Set-Cookie: a=b"] },
        { Storable.Yes, ["Cache-Control: no-store, must-understand, max-age=5"] },
        { Storable.Yes, ["CDN-Cache-Control: max-age=5", "Cache-Control: no-store"] },
        { Storable.NoStore, ["Cache-Control: no-store, max-age=5"] },
        { Storable.NoStore, ["CDN-Cache-Control: no-store", "Cache-Control: max-age=5"] },
        { Storable.Private, ["Cache-Control: private, max-age=5"] },
        { Storable.Private, ["CDN-Cache-Control: private", "Cache-Control: max-age=5"] },
        { Storable.VaryAny, ["Cache-Control: max-age=5", "Vary: Foo, *"] },
        { Storable.UnknownCoding, ["Cache-Control: max-age=5", "Vary: Accept-Encoding", "Content-Encoding: dcz"] },
        { Storable.UnknownCoding, ["Cache-Control: max-age=5", "Vary: Accept-Encoding", "Content-Encoding: gzip, exi"] },
        { Storable.Yes, ["Cache-Control: max-age=5", "Vary: Accept-Encoding", "Content-Encoding: X-Gzip, br, identity"] },
        { Storable.Yes, ["Cache-Control: max-age=5", "Content-Encoding: dcz"] },
        { Storable.SetCookie, [$"Last-Modified: {At(-500)}", "Set-Cookie: a=b"] },
        { Storable.Yes, ["Cache-Control: no-cache=\"Set-Cookie\"", $"Last-Modified: {At(-500)}", "Set-Cookie: a=b"] },
        { Storable.EventStream, ["Cache-Control: max-age=5", "Content-Type: Text/Event-Stream; charset=utf-8"] },
        { Storable.Yes, ["Cache-Control: max-age=5", "Content-Type: text/event-streams"] },
        { Storable.NoFreshness, [] },
        { Storable.NoFreshness, ["Cache-Control: max-age=0"] },
        { Storable.NoFreshness, ["Cache-Control: no-cache, max-age=5"] },
        { Storable.NoFreshness, ["Cache-Control: no-cache, stale-if-error=5"] },
    };

    [Theory]
    [MemberData(nameof(Responses))]
    public void UnderOrigin_OfA200ToGet_IsDecidedByItsFields(Storable expected, string[] response) => Assert.Equal(expected, Decide("GET", 200, response));

    [Theory]
    [InlineData("max-age=5", Storable.Authorization)]
    [InlineData("max-age=5, public", Storable.Yes)]
    [InlineData("max-age=5, must-revalidate", Storable.Yes)]
    [InlineData("s-maxage=5", Storable.Yes)]
    public void UnderOrigin_OfAnAuthorizedRequest_NeedsTheOriginsWord(string directives, Storable expected) =>
        Assert.Equal(expected, Decide("GET", 200, [$"Cache-Control: {directives}"], authorized: true));

    [Theory]
    [InlineData(204)]
    [InlineData(299)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(499)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(599)]
    public void UnderOrigin_OfAnyFinalStatusWithExplicitFreshness_IsStored(int status) =>
        Assert.Equal(Storable.Yes, Decide("GET", status, ["Cache-Control: max-age=5"]));

    [Theory]
    [InlineData(103)]
    [InlineData(304)]
    [InlineData(412)]
    [InlineData(416)]
    [InlineData(429)]
    [InlineData(511)]
    [InlineData(206)]
    public void UnderOrigin_OfAStatusThatIsNoResponseOfItsOwn_IsNotStored(int status) =>
        Assert.Equal(Storable.Status, Decide("GET", status, ["Cache-Control: max-age=5"]));

    [Theory]
    [InlineData(201)]
    [InlineData(302)]
    [InlineData(403)]
    [InlineData(502)]
    [InlineData(599)]
    public void UnderOrigin_OfAStatusWithoutHeuristic_NeedsExplicitFreshness(int status)
    {
        Assert.Equal(Storable.NoFreshness, Decide("GET", status, [$"Last-Modified: {At(-500)}"]));
        Assert.Equal(Storable.Yes, Decide("GET", status, [$"Last-Modified: {At(-500)}", "Cache-Control: public"]));
    }

    [Fact]
    public void UnderOrigin_OfAPartWithItsRange_IsStored() =>
        Assert.Equal(Storable.Yes, Decide("GET", 206, ["Cache-Control: max-age=5", "Content-Range: bytes 0-4/10"]));

    [Fact]
    public void UnderOrigin_OfAStatusNotUnderstood_ObeysMustUnderstand() =>
        Assert.Equal(Storable.NoStore, Decide("GET", 599, ["Cache-Control: no-store, must-understand, max-age=5"]));

    [Fact]
    public void UnderOrigin_OfARequestWithNoStore_IsNotStored() =>
        Assert.Equal(Storable.RequestNoStore, Decide("GET", 200, ["Cache-Control: max-age=5"], "no-store"));

    [Theory]
    [InlineData("HEAD", "max-age=5", Storable.Method)]
    [InlineData("PUT", "max-age=5", Storable.Method)]
    [InlineData("get", "max-age=5", Storable.Method)]
    [InlineData("POST", "max-age=5", Storable.Yes)]
    [InlineData("POST", "public", Storable.NoFreshness)]
    [InlineData("QUERY", "max-age=5", Storable.Yes)]
    public void UnderOrigin_OfAMethod_IsDecidedByItsDefinition(string method, string directives, Storable expected) =>
        Assert.Equal(expected, Decide(method, 200, [$"Cache-Control: {directives}", $"Last-Modified: {At(-500)}"]));

    [Fact]
    public void UnderOrigin_WithAPolicysStaleWindow_KeepsWhatIsStaleFromTheStart() =>
        Assert.Equal(Storable.Yes, Decide("GET", 200, ["Cache-Control: s-maxage=0"], policyKeepsStale: true));

    [Theory]
    [InlineData(200, "X: 1", Storable.Yes)]
    [InlineData(200, "Cache-Control: no-cache, max-age=0", Storable.Yes)]
    [InlineData(404, "X: 1", Storable.Yes)]
    [InlineData(200, "Content-Type: text/event-stream", Storable.EventStream)]
    [InlineData(200, "Cache-Control: no-store", Storable.NoStore)]
    [InlineData(200, "Cache-Control: private", Storable.Private)]
    [InlineData(200, "Set-Cookie: a=b", Storable.SetCookie)]
    [InlineData(200, "Vary: *", Storable.VaryAny)]
    [InlineData(206, "Content-Range: bytes 0-1/2", Storable.Status)]
    [InlineData(304, "X: 1", Storable.Status)]
    public void UnderPolicy_OfAResponse_IsPreventedByFewThingsAlone(int status, string field, Storable expected)
    {
        var response = Response(field);
        Assert.Equal(expected, Storability.UnderPolicy(status, response, TargetedCacheControl.Effective(response)));
    }

    [Fact]
    public void Label_OfEveryValue_IsItsNameWithDashes()
    {
        foreach (var storable in Enum.GetValues<Storable>().Skip(1))
            Assert.Equal(storable.ToString(), string.Concat(Storability.Label(storable).Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..])));
    }
}
