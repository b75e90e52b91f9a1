using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EndToEnd.Wire;

/// <summary>An issuer of certificates that only its own tests trust; valid for a day.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public TestAuthority(string name = "tests", TestAuthority? issuer = null)
    {
        var now = TimeProvider.System.GetUtcNow();
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (issuer is null)
        {
            _certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
            return;
        }
        using var issued = request.Create(issuer._certificate, now.AddHours(-2), now.AddHours(2), Serial());
        _certificate = issued.CopyWithPrivateKey(_key);
    }

    /// <summary>What others trust it by.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>Writes <c>name.crt</c> and <c>name.key</c>; the certificate is for 127.0.0.1 and localhost, of a server or a client.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="name">The files' name, and the subject's.</param>
    public void Issue(string folder, string name)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(_certificate, now.AddHours(-1), now.AddHours(1), Serial());
        File.WriteAllText($"{folder}/{name}.crt", issued.ExportCertificatePem());
        File.WriteAllText($"{folder}/{name}.key", key.ExportPkcs8PrivateKeyPem());
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }

    private static byte[] Serial() => RandomNumberGenerator.GetBytes(8);
}
