using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace EndToEnd.Wire;

/// <summary>An origin behind TLS that answers with the subject of the client's certificate, and takes only clients of one issuer where it is told to.</summary>
internal sealed class TlsOrigin : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;

    private TlsOrigin(WebApplication app, X509Certificate2 certificate) => (_app, _certificate) = (app, certificate);

    public Uri Url => new(_app.Urls.Single());

    /// <param name="certificate">Its certificate, in PEM.</param>
    /// <param name="key">Its key.</param>
    /// <param name="clientIssuer">Whose clients it takes, in PEM; null: it asks for no certificate.</param>
    public static async Task<TlsOrigin> StartAsync(string certificate, string key, string? clientIssuer = null)
    {
        var own = X509Certificate2.CreateFromPemFile(certificate, key);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listener => listener.UseHttps(https =>
        {
            https.ServerCertificate = own;
            if (clientIssuer is null) return;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (client, sent, _) => IsOf(clientIssuer, client, sent);
        })));
        var app = builder.Build();
        app.Run(static context => context.Response.WriteAsync(context.Connection.ClientCertificate?.Subject ?? "nobody"));
        await app.StartAsync();
        return new TlsOrigin(app, own);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    // With what the client sent, and nothing that this machine knows.
    private static bool IsOf(string issuer, X509Certificate2 client, X509Chain? sent)
    {
        using var trusted = X509Certificate2.CreateFromPem(issuer);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (sent is not null) chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        return chain.Build(client);
    }
}
