using System.Text.Json;
using CacheProxy.Engine.Policies;
using CsCheck;
using static CacheProxy.Engine.Tests.Policies.PolicyRequests;

namespace CacheProxy.Engine.Tests.Policies;

/// <summary>What differs in what is keyed differs in identity and name, whatever the values are; what is sent tells them apart too.</summary>
public sealed class IdentityPropertyTests
{
    private static readonly Gen<string> s_text = Gen.String[Gen.Char["ab:|#?%;&=.~[]*\\ 1ž"], 0, 4];

    [Fact]
    public void Identity_DifferentTargets_NeverShareIdentityOrName()
    {
        var policy = Compile(new() { Name = "p", Key = "k:{a}:{b}[:{query.q}][_{query.r}]", Ttl = "1m", Bypass = new Dictionary<string, string>() });
        var gen = Gen.Select(s_text, s_text, Gen.Select(OneOf("q", "r", "x", "Q"), s_text).List[0, 3]);
        var byName = new Dictionary<string, string>();
        var byIdentity = new Dictionary<Hash256, string>();

        gen.Sample(
            (a, b, query) =>
            {
                var target = $"/{Uri.EscapeDataString(a)}/{Uri.EscapeDataString(b)}?{string.Join('&', query.Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2)}"))}";
                if (policy.Plan(Request(target, "/{a}/{b}"), null, out var plan) != BypassReason.None) return;
                var keyed = CanonicalTarget(target);
                Assert.Equal(keyed, byName.TryAdd(plan!.Name, keyed) ? keyed : byName[plan.Name]);
                Assert.Equal(keyed, byIdentity.TryAdd(plan.Identity, keyed) ? keyed : byIdentity[plan.Identity]);
            },
            iter: 20_000, threads: 1);

        Assert.True(byName.Count > 5_000, $"only {byName.Count} different plans");
    }

    [Fact]
    public void Identity_DifferentBodies_NeverShareIdentityOrName()
    {
        var policy = Compile(new() { Name = "p", Methods = ["POST"], Key = "k:{body.a|sort}[:{body.b}]", Ttl = "1m" });
        var value = Gen.OneOf(
            s_text.Select(text => JsonSerializer.Serialize(text)), Gen.Int[-3, 3].Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            OneOf("null", "true", "false", "{}", "[]", "1.0", "\"1\"", "\"true\""), s_text.Array[0, 3].Select(items => JsonSerializer.Serialize(items)));
        var gen = Gen.Select(OneOf("a", "b", "c", "a.b"), value).List[0, 4];
        var byName = new Dictionary<string, string>();
        var byIdentity = new Dictionary<Hash256, string>();

        gen.Sample(
            fields =>
            {
                var distinct = fields.DistinctBy(field => field.Item1).OrderBy(field => field.Item1, StringComparer.Ordinal).ToList();
                var json = $"{{{string.Join(',', distinct.Select(field => $"\"{field.Item1}\":{field.Item2}"))}}}";
                if (policy.Plan(Request("/x", "/x", "POST"), RequestBody.Of(System.Text.Encoding.UTF8.GetBytes(json)), out var plan) != BypassReason.None) return;
                var keyed = CanonicalBody(distinct);
                Assert.Equal(keyed, byName.TryAdd(plan!.Name, keyed) ? keyed : byName[plan.Name]);
                Assert.Equal(keyed, byIdentity.TryAdd(plan.Identity, keyed) ? keyed : byIdentity[plan.Identity]);
            },
            iter: 20_000, threads: 1);

        Assert.True(byName.Count > 2_000, $"only {byName.Count} different plans");
    }

    /// <summary>The model: order counts among parameters of one name only.</summary>
    private static string CanonicalTarget(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var tokens = target[(question + 1)..].Split('&', StringSplitOptions.RemoveEmptyEntries);
        return target[..question] + "?" + string.Join('&', tokens.OrderBy(token => token.Split('=')[0].ToUpperInvariant(), StringComparer.Ordinal));
    }

    /// <summary>The model: order counts in lists but the sorted one.</summary>
    private static string CanonicalBody(List<(string, string)> fields) => string.Join(',', fields.Select(field =>
    {
        if (field.Item1 != "a" || !field.Item2.StartsWith('[')) return $"{field.Item1}:{field.Item2}";
        return $"a:{JsonSerializer.Serialize(JsonSerializer.Deserialize<string[]>(field.Item2)!.Order(StringComparer.Ordinal))}";
    }));

    private static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
