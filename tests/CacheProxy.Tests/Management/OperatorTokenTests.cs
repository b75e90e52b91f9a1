using System.Net;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Tests.Hosting;

namespace CacheProxy.Tests.Management;

public sealed class OperatorTokenTests
{
    private const string Clear = "/api/v1/models/cache/clear";

    /// <summary>Every kind of token that must not be accepted; each would be good but for the one thing.</summary>
    private static (string Kind, string Token)[] Refused()
    {
        var header = Tokens.Header;
        var now = Tokens.Now;
        var valid = Tokens.Valid;
        var parts = valid.Split('.');
        string Claims(string json) => Tokens.Sign(header, json);
        string Head(string json) => Tokens.Sign(json, Tokens.Claims());
        const string Iss = $"\"iss\":\"{Tokens.Issuer}\"", Aud = $"\"aud\":\"{Tokens.Audience}\"";
        var exp = $"\"exp\":{now + 3600}";
        return
        [
            ("empty", ""),
            ("no dots", "abc"),
            ("two parts", $"{parts[0]}.{parts[1]}"),
            ("four parts", valid + ".x"),
            ("five parts (JWE)", valid + ".x.y"),
            ("empty signature", $"{parts[0]}.{parts[1]}."),
            ("signature cut", valid[..^4]),
            ("signature of other claims", $"{parts[0]}.{Tokens.Encode(Tokens.Claims(extra: ",\"x\":1"))}.{parts[2]}"),
            ("signature of another key", Tokens.Sign(header, Tokens.Claims(), new byte[32])),
            ("signature with an empty key", Tokens.Sign(header, Tokens.Claims(), [])),
            ("alg none, unsigned", $"{Tokens.Encode("""{"alg":"none"}""")}.{parts[1]}."),
            ("alg none, signed", Head("""{"alg":"none","typ":"JWT"}""")),
            ("alg None", Head("""{"alg":"None","typ":"JWT"}""")),
            ("alg missing", Head("""{"typ":"JWT"}""")),
            ("alg a number", Head("""{"alg":1}""")),
            ("alg hs256", Head("""{"alg":"hs256"}""")),
            ("alg HS384", $"{Tokens.Encode("""{"alg":"HS384"}""")}.{parts[1]}.{Sign384(parts[1])}"),
            ("alg RS256 over our key", Head("""{"alg":"RS256","typ":"JWT"}""")),
            ("alg ES256", Head("""{"alg":"ES256","typ":"JWT"}""")),
            ("alg twice", Head("""{"alg":"HS256","alg":"none"}""")),
            ("crit", Head("""{"alg":"HS256","crit":["x"],"x":1}""")),
            ("zip", Head("""{"alg":"HS256","zip":"DEF"}""")),
            ("jku", Head("""{"alg":"HS256","jku":"http://evil.test/keys"}""")),
            ("x5u", Head("""{"alg":"HS256","x5u":"http://evil.test/cert"}""")),
            ("jwk in the header", Head("""{"alg":"HS256","jwk":{"kty":"oct","k":"AAAA"}}""")),
            ("typ of another kind", Head("""{"alg":"HS256","typ":"secevent+jwt"}""")),
            ("header a list", Head("[]")),
            ("header not JSON", Head("x")),
            ("claims a string", Claims("\"x\"")),
            ("claims not JSON", Claims("{")),
            ("claims with a comment", Claims($"{{{Iss},{Aud},{exp}/**/}}")),
            ("no iss", Claims($"{{{Aud},{exp}}}")),
            ("wrong iss", Claims($"{{\"iss\":\"evil\",{Aud},{exp}}}")),
            ("iss a list", Claims($"{{\"iss\":[\"{Tokens.Issuer}\"],{Aud},{exp}}}")),
            ("iss in another case", Claims($"{{\"iss\":\"{Tokens.Issuer.ToUpperInvariant()}\",{Aud},{exp}}}")),
            ("no aud", Claims($"{{{Iss},{exp}}}")),
            ("wrong aud", Claims($"{{{Iss},\"aud\":\"http://localhost:8000\",{exp}}}")),
            ("aud an empty list", Claims($"{{{Iss},\"aud\":[],{exp}}}")),
            ("aud with a slash more", Claims($"{{{Iss},\"aud\":\"{Tokens.Audience}//\",{exp}}}")),
            ("no exp", Claims($"{{{Iss},{Aud}}}")),
            ("expired", Claims($"{{{Iss},{Aud},\"exp\":{now - 60}}}")),
            ("exp 0", Claims($"{{{Iss},{Aud},\"exp\":0}}")),
            ("exp a string", Claims($"{{{Iss},{Aud},\"exp\":\"{now + 3600}\"}}")),
            ("exp without bounds", Claims($"{{{Iss},{Aud},\"exp\":1e300}}")),
            ("exp negative", Claims($"{{{Iss},{Aud},\"exp\":-1}}")),
            ("exp twice", Claims($"{{{Iss},{Aud},\"exp\":{now - 60},{exp}}}")),
            ("nbf ahead", Claims($"{{{Iss},{Aud},{exp},\"nbf\":{now + 120}}}")),
            ("nbf a string", Claims($"{{{Iss},{Aud},{exp},\"nbf\":\"0\"}}")),
            ("16 KiB of claims", Claims($"{{{Iss},{Aud},{exp},\"x\":\"{new string('x', 17_000)}\"}}")),
            ("padded", valid + "="),
            ("padded claims", Tokens.Sign(header, Tokens.Claims()).Replace(".", "=.", StringComparison.Ordinal)),
            ("standard base64", "+/" + valid[2..]),
            ("a space inside", valid[..20] + " " + valid[20..]),
            ("deep claims", Claims($"{{{Iss},{Aud},{exp},\"x\":{new string('[', 40)}{new string(']', 40)}}}")),
        ];
    }

    [Fact]
    public async Task Token_OfEveryWrongKind_IsRefusedWithoutEffect()
    {
        await using var proxy = await TestProxy.StartAsync();
        foreach (var (kind, token) in Refused())
        {
            using var request = Tokens.Request("DELETE", Clear, null);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
            using var response = await proxy.Operators.SendAsync(request);
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{kind}: {(int)response.StatusCode}");
            Assert.Contains("Bearer", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }

        Assert.Empty(proxy.Log.Appended);
        Assert.DoesNotContain(proxy.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal) || line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Basic dGVzdDp0ZXN0")]
    [InlineData("Bearer")]
    [InlineData("Token abc")]
    [InlineData(null)]
    public async Task Request_WithoutABearerToken_IsUnauthorized(string? authorization)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var request = Tokens.Request("DELETE", Clear, null);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await proxy.Clients.SendAsync(request);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var body = await response.Content.ReadAsStringAsync();
        Assert.Contains("urn:cacheproxy:unauthorized", body, StringComparison.Ordinal);
        Assert.Contains("traceId", body, StringComparison.Ordinal);
        Assert.Empty(proxy.Log.Appended);
        Assert.Empty(proxy.Reached);
    }

    [Theory]
    [InlineData("\"cache:read\"", HttpStatusCode.Forbidden, HttpStatusCode.OK)]
    [InlineData("\"cache:purge\"", HttpStatusCode.OK, HttpStatusCode.Forbidden)]
    [InlineData("[\"cache:purge\",\"cache:read\"]", HttpStatusCode.OK, HttpStatusCode.OK)]
    [InlineData("\"openid cache:read cache:purge\"", HttpStatusCode.OK, HttpStatusCode.OK)]
    [InlineData("\"cache:*\"", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("\"CACHE:PURGE\"", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("{\"cache:purge\":true}", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden, HttpStatusCode.Forbidden)]
    public async Task Scope_DecidesWhatATokenMayDo(string scope, HttpStatusCode purge, HttpStatusCode read)
    {
        await using var proxy = await TestProxy.StartAsync();
        var token = Tokens.Sign(Tokens.Header, $$"""{"iss":"{{Tokens.Issuer}}","aud":["x","{{Tokens.Audience}}"],"scope":{{scope}},"exp":{{Tokens.Now + 60}}}""");
        Assert.Equal(purge, (await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear, token))).StatusCode);
        var stats = await proxy.Clients.SendAsync(Tokens.Request("GET", "/api/v1/models/cache/stats", token));
        Assert.Equal(read, stats.StatusCode);
        if (read == HttpStatusCode.Forbidden)
            Assert.Contains("insufficient_scope", stats.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scopes_NotRequired_AnyValidTokenMayDoBoth()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Management:RequireScopes"] = "false" });
        var token = Tokens.Sign(Tokens.Header, Tokens.Claims(scope: ""));
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear, token))).StatusCode);
    }

    [Fact]
    public async Task Expiry_WithinThirtySecondsOfSkew_IsAccepted()
    {
        await using var proxy = await TestProxy.StartAsync();
        var token = Tokens.Sign(Tokens.Header, Tokens.Claims(exp: Tokens.Now - 15, extra: $",\"nbf\":{Tokens.Now + 10}"));
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear, token))).StatusCode);
    }

    [Fact]
    public async Task SigningKeys_SeveralOfOneIssuer_EachIsAccepted()
    {
        var second = RandomNumberGenerator.GetBytes(48);
        await using var proxy = await TestProxy.StartAsync(new()
        {
            ["Authentication:Schemes:Bearer:SigningKeys:1:Issuer"] = Tokens.Issuer,
            ["Authentication:Schemes:Bearer:SigningKeys:1:Value"] = Convert.ToBase64String(second),
        });
        foreach (var key in (byte[][])[TestProxy.Key, second])
        {
            using var response = await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear, Tokens.Sign("""{"alg":"HS256","kid":"another"}""", Tokens.Claims(), key)));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task Authentication_NotConfigured_RefusesAndTheLogSaysHow()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Authentication:Schemes:Bearer:SigningKeys:0:Value"] = null, ["Authentication:Schemes:Bearer:SigningKeys:0:Issuer"] = null, ["Webhooks:Secrets:0"] = null });
        Assert.Equal(HttpStatusCode.Unauthorized, (await proxy.Clients.SendAsync(Tokens.Request("DELETE", Clear, Tokens.Valid))).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await proxy.Clients.PostAsync("/_cache/events", new StringContent("{}"))).StatusCode);
        Assert.Contains(proxy.Lines, line => line.Contains("Authentication:Schemes:Bearer", StringComparison.Ordinal));
        Assert.Contains(proxy.Lines, line => line.Contains("Webhooks:Secrets:0", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ClientsToken_OnTheProxiedPath_IsNobodysBusiness()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Tokens.Request("GET", "/x", "garbage"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static string Sign384(string claims) => System.Buffers.Text.Base64Url.EncodeToString(
        HMACSHA384.HashData(TestProxy.Key, Encoding.ASCII.GetBytes(Tokens.Encode("""{"alg":"HS384"}""") + "." + claims)));
}
