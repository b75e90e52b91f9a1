using EndToEnd.Wire;
using Processes;

namespace EndToEnd.RoutePolicies;

/// <summary><c>Origin:Tls</c> against an origin that really speaks TLS, under an issuer that was made for the test.</summary>
public sealed class OriginTlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cacheproxy-origin-tls-").FullName;
    private readonly TestAuthority _authority = new("root");

    public OriginTlsTests()
    {
        File.WriteAllText($"{_folder}/ca.crt", _authority.Pem);
        _authority.Issue(_folder, "server");
        _authority.Issue(_folder, "client");
    }

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("/plain/x")]
    [InlineData("/ttl/x")]
    public async Task Origin_OfAnIssuerOfOurs_IsAskedWithOurCertificate(string target)
    {
        await using var origin = await StartOriginAsync(_authority.Pem);
        await using var proxy = await StartAsync(origin, $"{_folder}/ca.crt", "client");

        var reply = await WireClient.AskAsync(proxy.Url, target);

        Assert.Equal((200, "CN=client"), (reply.Status, reply.Text));
    }

    [Fact]
    public async Task Origin_ThatAsksForNoCertificate_NeedsTheIssuerAlone()
    {
        await using var origin = await StartOriginAsync();
        await using var proxy = await StartAsync(origin, $"{_folder}/ca.crt");

        Assert.Equal("nobody", (await WireClient.AskAsync(proxy.Url, "/ttl/x")).Text);
    }

    [Fact]
    public async Task Certificate_OfAnIntermediateIssuer_IsSentWithIt()
    {
        using var intermediate = new TestAuthority("intermediate", _authority);
        intermediate.Issue(_folder, "below");
        File.AppendAllText($"{_folder}/below.crt", "\n" + intermediate.Pem);
        await using var origin = await StartOriginAsync(_authority.Pem);
        await using var proxy = await StartAsync(origin, $"{_folder}/ca.crt", "below");

        Assert.Equal("CN=below", (await WireClient.AskAsync(proxy.Url, "/ttl/x")).Text);
    }

    [Theory]
    [InlineData(null, "client")]
    [InlineData("other", "client")]
    [InlineData("ca", null)]
    [InlineData("ca", "stranger")]
    public async Task Origin_OrWeNotTrusted_Gives502AndNothingIsStored(string? issuer, string? client)
    {
        using var other = new TestAuthority("other");
        File.WriteAllText($"{_folder}/other.crt", other.Pem);
        other.Issue(_folder, "stranger");
        await using var origin = await StartOriginAsync(_authority.Pem);
        await using var proxy = await StartAsync(origin, issuer is null ? null : $"{_folder}/{issuer}.crt", client);

        foreach (var target in new[] { "/ttl/x", "/ttl/x", "/plain/x" })
        {
            var reply = await WireClient.AskAsync(proxy.Url, target);
            Assert.Equal(502, reply.Status);
            Assert.DoesNotContain(origin.Url.Authority, reply.Text, StringComparison.Ordinal);
        }
    }

    private Task<TlsOrigin> StartOriginAsync(string? clientIssuer = null) => TlsOrigin.StartAsync($"{_folder}/server.crt", $"{_folder}/server.key", clientIssuer);

    private Task<ProxyProcess> StartAsync(TlsOrigin origin, string? issuer, string? client = null) => ProxyProcess.StartAsync(new ProxySettings
    {
        RoutesPath = RoutesText.Write(RoutesText.For(origin.Url)),
        Settings = new Dictionary<string, string?>
        {
            // A handshake on a busy machine is no refusal.
            ["Origin__ConnectTimeout"] = "30s",
            ["Origin__Tls__Ca"] = issuer,
            ["Origin__Tls__Certificate"] = client is null ? null : $"{_folder}/{client}.crt",
            ["Origin__Tls__Key"] = client is null ? null : $"{_folder}/{client}.key",
        },
    });
}
