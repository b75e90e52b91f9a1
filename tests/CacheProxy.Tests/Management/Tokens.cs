using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Tests.Hosting;

namespace CacheProxy.Tests.Management;

/// <summary>Operators' tokens, made by hand so that they can be wrong in every way.</summary>
internal static class Tokens
{
    public const string Issuer = "dotnet-user-jwts";

    public const string Audience = "http://localhost:7081";

    public const string Header = """{"alg":"HS256","typ":"JWT"}""";

    public static string Claims(string scope = "cache:read cache:purge", long? exp = null, string extra = "") =>
        $$"""{"iss":"{{Issuer}}","aud":"{{Audience}}","sub":"test","scope":"{{scope}}","exp":{{exp ?? Now + 3600}}{{extra}}}""";

    public static long Now => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    public static string Valid => Sign(Header, Claims());

    public static string Sign(string header, string claims, byte[]? key = null)
    {
        var signed = Encode(header) + "." + Encode(claims);
        return signed + "." + Base64Url.EncodeToString(HMACSHA256.HashData(key ?? TestProxy.Key, Encoding.ASCII.GetBytes(signed)));
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    /// <summary>A request with a token; null for none.</summary>
    public static HttpRequestMessage Request(string method, string path, string? token, HttpContent? content = null)
    {
        var request = new HttpRequestMessage(new(method), path) { Content = content };
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }
}
