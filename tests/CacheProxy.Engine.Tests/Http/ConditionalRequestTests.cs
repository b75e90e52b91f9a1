using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §13, RFC 9111 §4.3.2.</summary>
public class ConditionalRequestTests
{
    private static Precondition Evaluate(string[] request, string[] stored, string method = "GET", int status = 200) =>
        ConditionalRequest.Evaluate(method, Request(request), status, Response(stored), Now, Now);

    [Theory]
    [InlineData("\"a\"", "\"a\"", Precondition.NotModified)]
    [InlineData("\"a\"", "W/\"a\"", Precondition.NotModified)]
    [InlineData("W/\"a\"", "W/\"a\"", Precondition.NotModified)]
    [InlineData("\"a\", \"b\", \"c\"", "\"b\"", Precondition.NotModified)]
    [InlineData("*", "\"b\"", Precondition.NotModified)]
    [InlineData("\"a\"", "\"b\"", Precondition.Proceed)]
    [InlineData("a", "\"a\"", Precondition.Proceed)]
    [InlineData("\"a\", b", "\"a\"", Precondition.Proceed)]
    [InlineData("", "\"a\"", Precondition.Proceed)]
    [InlineData("\"a\"", "a", Precondition.Proceed)]
    [InlineData("\"a\u00fc\"", "\"a\u00fc\"", Precondition.NotModified)]
    public void IfNoneMatch_AgainstATag_IsWeaklyCompared(string wanted, string tag, Precondition expected) =>
        Assert.Equal(expected, Evaluate([$"If-None-Match: {wanted}"], [$"ETag: {tag}"]));

    [Fact]
    public void IfNoneMatch_OverTwoLines_IsOneList() =>
        Assert.Equal(Precondition.NotModified, Evaluate(["If-None-Match: \"x\"", "If-None-Match: \"a\""], ["ETag: \"a\""]));

    [Fact]
    public void IfNoneMatch_BesideIfModifiedSince_Decides()
    {
        string[] stored = ["ETag: \"a\"", $"Last-Modified: {At(-50)}"];
        Assert.Equal(Precondition.NotModified, Evaluate(["If-None-Match: \"a\"", $"If-Modified-Since: {At(-100)}"], stored));
        Assert.Equal(Precondition.Proceed, Evaluate(["If-None-Match: \"b\"", $"If-Modified-Since: {At(0)}"], stored));
    }

    [Theory]
    [InlineData(-50, Precondition.NotModified)]
    [InlineData(-49, Precondition.NotModified)]
    [InlineData(-51, Precondition.Proceed)]
    public void IfModifiedSince_AgainstLastModified_ComparesSeconds(int seconds, Precondition expected) =>
        Assert.Equal(expected, Evaluate([$"If-Modified-Since: {At(seconds)}"], [$"Last-Modified: {At(-50)}"]));

    [Fact]
    public void IfModifiedSince_InObsoleteForm_IsUnderstood() =>
        Assert.Equal(
            Precondition.NotModified,
            Evaluate(["If-Modified-Since: Sunday, 01-Mar-26 11:00:00 GMT"], ["Last-Modified: Sun, 01 Mar 2026 11:00:00 GMT"]));

    [Fact]
    public void IfModifiedSince_WithoutLastModified_ComparesDateAndThenArrival()
    {
        Assert.Equal(Precondition.NotModified, Evaluate([$"If-Modified-Since: {At(-50)}"], [$"Date: {At(-60)}"]));
        Assert.Equal(Precondition.Proceed, Evaluate([$"If-Modified-Since: {At(-50)}"], [$"Date: {At(-40)}"]));
        Assert.Equal(Precondition.Proceed, Evaluate([$"If-Modified-Since: {At(-50)}"], []));
        Assert.Equal(Precondition.NotModified, Evaluate([$"If-Modified-Since: {At(0)}"], []));
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("0")]
    public void IfModifiedSince_ThatIsNoDate_IsIgnored(string value) =>
        Assert.Equal(Precondition.Proceed, Evaluate([$"If-Modified-Since: {value}"], [$"Last-Modified: {At(-50)}"]));

    [Theory]
    [InlineData("If-Match: \"a\"", Precondition.Proceed)]
    [InlineData("If-Match: *", Precondition.Proceed)]
    [InlineData("If-Match: W/\"a\"", Precondition.Failed)]
    [InlineData("If-Match: \"b\"", Precondition.Failed)]
    [InlineData("If-Unmodified-Since: Sun, 01 Mar 2026 11:59:10 GMT", Precondition.Proceed)]
    [InlineData("If-Unmodified-Since: Sun, 01 Mar 2026 11:59:09 GMT", Precondition.Failed)]
    [InlineData("If-Unmodified-Since: never", Precondition.Proceed)]
    public void PreconditionsOfOrigins_ThatDoNotHold_Fail(string field, Precondition expected) =>
        Assert.Equal(expected, Evaluate([field], ["ETag: \"a\"", $"Last-Modified: {At(-50)}"]));

    [Fact]
    public void IfUnmodifiedSince_BesideIfMatch_DoesNotCount() =>
        Assert.Equal(
            Precondition.Proceed,
            Evaluate(["If-Match: \"a\"", $"If-Unmodified-Since: {At(-999)}"], ["ETag: \"a\"", $"Last-Modified: {At(-50)}"]));

    [Theory]
    [InlineData("HEAD", 200, Precondition.NotModified)]
    [InlineData("QUERY", 200, Precondition.NotModified)]
    [InlineData("POST", 200, Precondition.Failed)]
    [InlineData("GET", 404, Precondition.Proceed)]
    [InlineData("GET", 301, Precondition.Proceed)]
    public void IfNoneMatch_ByMethodAndStatus_IsAnswered(string method, int status, Precondition expected) =>
        Assert.Equal(expected, Evaluate(["If-None-Match: \"a\""], ["ETag: \"a\""], method, status));
}
