using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using CacheProxy.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Base64Url = System.Buffers.Text.Base64Url;

namespace CacheProxy.Tests.Management;

/// <summary>Tokens of an OpenID Connect provider, found by discovery.</summary>
public sealed class AuthorityTests : IDisposable
{
    private const string Clear = "/api/v1/models/cache/clear";

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public void Dispose()
    {
        _rsa.Dispose();
        _ecdsa.Dispose();
    }

    [Fact]
    public async Task Token_SignedByTheAuthority_IsAcceptedWithFixedAlgorithmsOnly()
    {
        await using var authority = await StartAuthorityAsync();
        var issuer = authority.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var proxy = await TestProxy.StartAsync(Settings(issuer));
        var claims = $$"""{"iss":"{{issuer}}","aud":"{{Tokens.Audience}}","sub":"me","scope":"cache:purge","exp":{{Tokens.Now + 60}}}""";
        byte[] Rsa(byte[] data, RSASignaturePadding padding) => _rsa.SignData(data, HashAlgorithmName.SHA256, padding);

        (string Kind, string Token, HttpStatusCode Expected)[] cases =
        [
            ("RS256", Sign("""{"alg":"RS256","kid":"r"}""", claims, data => Rsa(data, RSASignaturePadding.Pkcs1)), HttpStatusCode.OK),
            ("PS256", Sign("""{"alg":"PS256","kid":"r"}""", claims, data => Rsa(data, RSASignaturePadding.Pss)), HttpStatusCode.OK),
            ("ES256", Sign("""{"alg":"ES256","kid":"e"}""", claims, data => _ecdsa.SignData(data, HashAlgorithmName.SHA256)), HttpStatusCode.OK),
            ("without kid", Sign("""{"alg":"RS256"}""", claims, data => Rsa(data, RSASignaturePadding.Pkcs1)), HttpStatusCode.OK),
            ("kid that is a path", Sign("""{"alg":"RS256","kid":"../../dev/null"}""", claims, data => Rsa(data, RSASignaturePadding.Pss)), HttpStatusCode.Unauthorized),
            ("RS512", Sign("""{"alg":"RS512","kid":"r"}""", claims, data => _rsa.SignData(data, HashAlgorithmName.SHA512, RSASignaturePadding.Pkcs1)), HttpStatusCode.Unauthorized),
            ("HS256 with the public key", Sign("""{"alg":"HS256","kid":"r"}""", claims, data => HMACSHA256.HashData(Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem()), data)), HttpStatusCode.Unauthorized),
            ("HS256 with the modulus", Sign("""{"alg":"HS256","kid":"r"}""", claims, data => HMACSHA256.HashData(_rsa.ExportParameters(false).Modulus!, data)), HttpStatusCode.Unauthorized),
            ("HS256 with the key of the settings", Tokens.Sign(Tokens.Header, claims), HttpStatusCode.Unauthorized),
            ("another issuer", Sign("""{"alg":"RS256","kid":"r"}""", claims.Replace(issuer, "http://evil.test", StringComparison.Ordinal), data => Rsa(data, RSASignaturePadding.Pkcs1)), HttpStatusCode.Unauthorized),
            ("DER instead of P1363", Sign("""{"alg":"ES256","kid":"e"}""", claims, data => _ecdsa.SignData(data, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)), HttpStatusCode.Unauthorized),
        ];
        foreach (var (kind, token, expected) in cases)
        {
            using var response = await proxy.Operators.SendAsync(Tokens.Request("DELETE", Clear, token));
            Assert.True(response.StatusCode == expected, $"{kind}: {(int)response.StatusCode}");
        }

        Assert.Equal(4, proxy.Log.Appended.Count);
    }

    [Fact]
    public async Task Authority_ThatDoesNotAnswer_IsServiceUnavailable()
    {
        await using var proxy = await TestProxy.StartAsync(Settings("http://127.0.0.1:1"));
        var token = Sign("""{"alg":"RS256"}""", Tokens.Claims(), data => _rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        using var response = await proxy.Operators.SendAsync(Tokens.Request("DELETE", Clear, token));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Empty(proxy.Log.Appended);
    }

    private static Dictionary<string, string?> Settings(string authority) => new()
    {
        ["Authentication:Schemes:Bearer:Authority"] = authority,
        ["Authentication:Schemes:Bearer:RequireHttpsMetadata"] = "false",
        ["Authentication:Schemes:Bearer:ValidIssuer"] = null,
    };

    private static string Sign(string header, string claims, Func<byte[], byte[]> sign)
    {
        var signed = Tokens.Encode(header) + "." + Tokens.Encode(claims);
        return signed + "." + Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(signed)));
    }

    private async Task<WebApplication> StartAuthorityAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(context => context.Response.WriteAsync((context.Request.Path.Value == "/keys" ? Keys() : Discovery(context.Request)).ToJsonString()));
        await app.StartAsync();
        return app;
    }

    private static JsonObject Discovery(HttpRequest request)
    {
        var issuer = $"{request.Scheme}://{request.Host}";
        return new() { ["issuer"] = issuer, ["jwks_uri"] = issuer + "/keys" };
    }

    private JsonObject Keys()
    {
        var (rsa, ecdsa) = (_rsa.ExportParameters(false), _ecdsa.ExportParameters(false));
        return new()
        {
            ["keys"] = new JsonArray(
                new JsonObject { ["kty"] = "RSA", ["kid"] = "r", ["use"] = "sig", ["n"] = Base64Url.EncodeToString(rsa.Modulus), ["e"] = Base64Url.EncodeToString(rsa.Exponent) },
                new JsonObject { ["kty"] = "EC", ["kid"] = "e", ["use"] = "sig", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(ecdsa.Q.X), ["y"] = Base64Url.EncodeToString(ecdsa.Q.Y) }),
        };
    }
}
