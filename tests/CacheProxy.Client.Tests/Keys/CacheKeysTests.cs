using System.Security.Cryptography;
using System.Text;
using CacheProxy.Client.Keys;
using CsCheck;

namespace CacheProxy.Client.Tests.Keys;

public class CacheKeysTests
{
    private const string Uuid = "0f8fad5b-d9cb-469f-a165-70867728950e";

    [Fact]
    public void PlainIds_AnyKey_AreTheGuides()
    {
        Assert.Equal("model:metrics:abc-123", CacheKeys.ModelMetrics("abc-123"));
        Assert.Equal("model:feature_importance:abc-123", CacheKeys.FeatureImportance("abc-123"));
        Assert.Equal("model:feature_importance:abc-123:top_10", CacheKeys.FeatureImportance("abc-123", topN: 10));
        Assert.Equal("model:comparison:" + Md5("abc-123|def-456"), CacheKeys.ModelComparison(["def-456", "abc-123"]));
        Assert.Equal("model:comparison:" + Md5("a|b") + ":accuracy", CacheKeys.ModelComparison(["a", "b"], "accuracy"));
        Assert.Equal("model:abc-123", CacheTags.Model("abc-123"));
    }

    [Theory]
    [InlineData("a b", "a%20b")]
    [InlineData("a:b", "a%3Ab")]
    [InlineData("a|b", "a%7Cb")]
    [InlineData("a/../b", "a%2F..%2Fb")]
    [InlineData("user@host.example_~-", "user@host.example_~-")]
    [InlineData("%40", "%2540")]
    [InlineData("ž€", "%C5%BE%E2%82%AC")]
    [InlineData("*?[]", "%2A%3F%5B%5D")]
    public void Value_WithOtherCharacters_IsPercentEncoded(string id, string expected) =>
        Assert.Equal("model:metrics:" + expected, CacheKeys.ModelMetrics(id));

    [Fact]
    public void Comparison_ValuesWithSeparator_AreEncodedBeforeHashing() =>
        Assert.Equal("model:comparison:" + Md5("a%7Cb|c"), CacheKeys.ModelComparison(["c", "a|b"]));

    [Theory]
    [InlineData("0F8FAD5B-D9CB-469F-A165-70867728950E")]
    [InlineData("0f8fad5bd9cb469fa16570867728950e")]
    [InlineData("{0f8fad5b-d9cb-469f-a165-70867728950e}")]
    [InlineData("urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e")]
    public void Uuid_InAnySpelling_IsOneKey(string spelling) => Assert.Equal("model:metrics:" + Uuid, CacheKeys.ModelMetrics(spelling));

    [Theory]
    [InlineData("ABC-123")]
    [InlineData(" 0f8fad5bd9cb469fa16570867728950e")]
    [InlineData("0f8fad5b-d9cb-469f-a165-70867728950")]
    public void NoUuid_Canonical_StaysAsItIs(string id) => Assert.Equal(id, CacheKeys.Canonical(id));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    public void Value_ThatTheProxyNeverKeys_Throws(string id) => Assert.Throws<ArgumentException>(() => CacheKeys.ModelMetrics(id));

    [Fact]
    public void Comparison_DifferentListsOfIds_NeverShareAKey() =>
        Gen.String[1, 4].Where(s => s is not ("." or "..") && !s.Any(char.IsSurrogate)).Array[2, 4].Array[2].Sample(lists =>
        {
            var same = lists[0].Order(StringComparer.Ordinal).SequenceEqual(lists[1].Order(StringComparer.Ordinal));
            return same == (CacheKeys.ModelComparison(lists[0]) == CacheKeys.ModelComparison(lists[1]));
        });

    [Fact]
    public void Ttl_Names_AreTheGuides() => Assert.Equal(
        [300, 900, 1800, 3600, 7200, 86400, 604800],
        new[] { CacheTtl.VeryShort, CacheTtl.Short, CacheTtl.Medium, CacheTtl.Long, CacheTtl.VeryLong, CacheTtl.Day, CacheTtl.Week }.Select(t => (int)t.TotalSeconds));

#pragma warning disable CA5351 // The guide's hash.
    private static string Md5(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351
}
