using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using CacheProxy.Configuration;

namespace CacheProxy.Proxying;

/// <summary>
/// <c>Origin:Tls</c> as connections use it: whom to trust instead of the system's issuers, and the certificate that says who we are, with
/// the intermediate ones of its file.
/// </summary>
public sealed class OriginTls
{
    private readonly X509Certificate2Collection? _issuers;
    private readonly SslStreamCertificateContext? _own;

    /// <summary>Reads the files, which have been looked at before.</summary>
    public OriginTls(TlsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        if (settings.Ca is { } ca) _issuers = PemFiles.Certificates(ca);
        // Nobody is asked for what is missing of the chain: that would be a request to who knows where, at start.
        if (settings is { Certificate: { } certificate, Key: { } key })
            _own = SslStreamCertificateContext.Create(PemFiles.Own(certificate, key), PemFiles.Certificates(certificate), offline: true);
    }

    /// <summary>Applies it to the connections of a client.</summary>
    public void Apply(SslClientAuthenticationOptions connections)
    {
        ArgumentNullException.ThrowIfNull(connections);
        if (_issuers is not null)
        {
            connections.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            connections.CertificateChainPolicy.CustomTrustStore.AddRange(_issuers);
        }
        if (_own is not null) connections.ClientCertificateContext = _own;
    }
}
