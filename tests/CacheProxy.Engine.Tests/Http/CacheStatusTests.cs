using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>RFC 9211.</summary>
public class CacheStatusTests
{
    public static TheoryData<CacheStatus, string> Members => new()
    {
        { new() { Hit = true, Ttl = TimeSpan.FromSeconds(12.9) }, "CacheProxy; hit; ttl=12" },
        { new() { Hit = true, Ttl = TimeSpan.FromSeconds(-0.5), Detail = "swr" }, "CacheProxy; hit; ttl=-1; detail=swr" },
        { new() { Forward = ForwardReason.UriMiss, Stored = true }, "CacheProxy; fwd=uri-miss; stored" },
        { new() { Forward = ForwardReason.Stale, ForwardStatus = 304, Stored = true }, "CacheProxy; fwd=stale; fwd-status=304; stored" },
        { new() { Forward = ForwardReason.VaryMiss, Collapsed = true }, "CacheProxy; fwd=vary-miss; collapsed" },
        { new() { Forward = ForwardReason.Bypass, Detail = "key-incomplete" }, "CacheProxy; fwd=bypass; detail=key-incomplete" },
        { new() { Forward = ForwardReason.Method, Detail = "say \"hi\\\r\nü" }, "CacheProxy; fwd=method; detail=\"say \\\"hi\\\\???\"" },
    };

    [Theory]
    [MemberData(nameof(Members))]
    public void ToString_OfAMember_IsAStructuredItem(CacheStatus member, string expected)
    {
        Assert.Equal(expected, member.ToString());
        Assert.True(StructuredFields.TryParseList(expected, out var list));
        Assert.Equal("CacheProxy", Assert.Single(list).Text);
    }

    [Fact]
    public void AppendTo_WhatCameFromNearerTheOrigin_GoesBehindIt() =>
        Assert.Equal("origin; hit, CacheProxy; fwd=miss", new CacheStatus { Forward = ForwardReason.Miss }.AppendTo("origin; hit"));

    [Fact]
    public void ToString_OfEveryReason_IsAToken()
    {
        foreach (var reason in Enum.GetValues<ForwardReason>())
            Assert.True(StructuredFields.TryParseList(new CacheStatus { Forward = reason }.ToString(), out _));
    }
}
