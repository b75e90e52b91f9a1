using System.Text;
using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9110 §15.2.</summary>
public sealed class InterimResponseTests
{
    [Theory]
    [InlineData("HTTP/1.1 103 Early", true)]
    [InlineData("HTTP/1.1 100 Continue", true)]
    [InlineData("HTTP/1.1 101 Switching", false)]
    [InlineData("HTTP/1.1 200 OK", false)]
    [InlineData("HTTP/1.0 200 OK", false)]
    [InlineData("HTTP/1.1 10", null)]
    [InlineData("HTT", null)]
    public void IsInterim_FirstBytes_TellWhetherAFinalOneFollows(string text, bool? expected) =>
        Assert.Equal(expected, InterimResponse.IsInterim(Encoding.Latin1.GetBytes(text)));

    [Fact]
    public void Parse_EarlyHints_HasItsEndToEndFields()
    {
        var parsed = InterimResponse.Parse("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: 1\r\nLink: </b>\r\n\r\n"u8)!;

        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n\r\n", Encoding.Latin1.GetString(parsed.ToBytes()));
    }

    [Theory]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nBad Name: x\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nX: a\nSet-Cookie: b\r\n\r\n")]
    public void Parse_WhatIsNotRelayed_IsNone(string text) => Assert.Null(InterimResponse.Parse(Encoding.Latin1.GetBytes(text)));
}
