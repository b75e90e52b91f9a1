using CacheProxy.Engine.Http;
using Microsoft.Extensions.Primitives;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §8.4, §12.4.2, §12.5.3.</summary>
public class ContentCodingTests
{
    [Theory]
    [InlineData("gzip", Coding.Gzip)]
    [InlineData("gzip, br", Coding.Brotli)]
    [InlineData("gzip|br", Coding.Brotli)]
    [InlineData("br;q=0.5, gzip", Coding.Gzip)]
    [InlineData("gzip;q=0", Coding.Identity)]
    [InlineData("identity;q=1, *;q=0", Coding.Identity)]
    [InlineData("GZip; Q=0.0", Coding.Identity)]
    [InlineData("gzip;q=0.001, identity;q=0", Coding.Gzip)]
    [InlineData("*;q=1, identity;q=0", Coding.Brotli)]
    [InlineData("*", Coding.Brotli)]
    [InlineData("x-gzip", Coding.Gzip)]
    [InlineData("", Coding.Identity)]
    [InlineData("gzip;q=0.5, identity", Coding.Identity)]
    [InlineData("gzip;q=x", Coding.Identity)]
    [InlineData("gzip;q=2", Coding.Identity)]
    [InlineData("gzip, gzip;q=0", Coding.Identity)]
    [InlineData("zstd", Coding.Identity)]
    [InlineData("identity;q=0", null)]
    [InlineData("*;q=0", null)]
    [InlineData("zstd, identity;q=0", null)]
    public void Negotiate_OfTheField_TakesTheBestAccepted(string lines, Coding? expected) => Assert.Equal(expected, ContentCoding.Negotiate(Lines(lines)));

    [Fact]
    public void Negotiate_WithoutTheField_IsIdentity() => Assert.Equal(Coding.Identity, ContentCoding.Negotiate(StringValues.Empty));

    [Theory]
    [InlineData("br,gzip,xxx", "br,gzip")]
    [InlineData("gzip;q=0.1, deflate;q=0", "gzip")]
    [InlineData("*", "br,compress,deflate,gzip,zstd,*")]
    [InlineData("*, br;q=0", "compress,deflate,gzip,zstd,*,br;q=0")]
    [InlineData("br, *;q=0", "br,identity;q=0")]
    [InlineData("xxx", "identity")]
    [InlineData("identity;q=0", "identity;q=0")]
    public void Normalize_OfTheField_IsASetThatCanBeSent(string line, string expected)
    {
        var normal = ContentCoding.Normalize(line);
        Assert.Equal(expected, normal);
        Assert.Equal(normal, ContentCoding.Normalize(normal));
    }

    [Theory]
    [InlineData("gzip", "br", false)]
    [InlineData("gzip", "x-gzip", true)]
    [InlineData("gzip, br", "br, gzip", true)]
    [InlineData("gzip", "br, gzip", false)]
    [InlineData("*", "zstd", true)]
    [InlineData("gzip", "", true)]
    [InlineData("gzip, identity;q=0", "", false)]
    [InlineData("gzip, identity;q=0", "identity", false)]
    public void Accepts_OfAStoredCoding_AsksForEach(string accept, string coding, bool expected) =>
        Assert.Equal(expected, ContentCoding.Accepts(accept, coding));

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("Application/JSON; charset=utf-8", true)]
    [InlineData("application/problem+json", true)]
    [InlineData("text/html", true)]
    [InlineData("image/svg+xml", true)]
    [InlineData("application/javascript", true)]
    [InlineData("text/event-stream", false)]
    [InlineData("image/png", false)]
    [InlineData("application/octet-stream", false)]
    [InlineData("", false)]
    public void IsCompressible_OfAType_IsTextAlone(string type, bool expected) => Assert.Equal(expected, ContentCoding.IsCompressible(type));

    [Theory]
    [InlineData(200, 1024, "X: 1", true)]
    [InlineData(200, 1023, "X: 1", false)]
    [InlineData(206, 5000, "X: 1", false)]
    [InlineData(200, 5000, "Content-Encoding: gzip", false)]
    [InlineData(200, 5000, "Content-Encoding: identity", true)]
    [InlineData(200, 5000, "Cache-Control: no-transform", false)]
    [InlineData(200, 5000, "CDN-Cache-Control: no-transform", false)]
    [InlineData(200, 5000, "Content-Digest: sha-256=:YQ==:", false)]
    public void MayCompress_OfAResponse_IsDecided(int status, long length, string field, bool expected) =>
        Assert.Equal(expected, ContentCoding.MayCompress(status, Response("Content-Type: application/json", field), length));
}
