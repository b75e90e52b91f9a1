using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace CacheProxy.Tests.Configuration;

/// <summary>The files of <c>Origin:Tls</c> and <c>Redis:Tls</c>, looked into at start.</summary>
public sealed class PemFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pem").FullName;

    public PemFilesTests()
    {
        WriteCertificate("own");
        WriteCertificate("other");
        File.WriteAllText($"{_folder}/empty.crt", "no certificate");
        File.WriteAllText($"{_folder}/broken.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Origin")]
    [InlineData("Redis")]
    public void Read_FilesThatFit_AreTaken(string section)
    {
        Assert.Empty(Errors(section, ca: "other.crt", certificate: "own.crt", key: "own.key"));
        Assert.Empty(Errors(section, ca: "own.crt"));
    }

    [Theory]
    [InlineData("Origin")]
    [InlineData("Redis")]
    public void Read_FilesThatCannotBeUsed_AreNamed(string section)
    {
        Assert.StartsWith($"{section}.Tls.Ca: \"{_folder}/empty.crt\" has no certificate in PEM (there is none in it)", Assert.Single(Errors(section, ca: "empty.crt")), StringComparison.Ordinal);
        Assert.StartsWith($"{section}.Tls.Ca: \"{_folder}/broken.crt\" has no certificate in PEM", Assert.Single(Errors(section, ca: "broken.crt")), StringComparison.Ordinal);
        Assert.StartsWith($"{section}.Tls: has one of Certificate and Key", Assert.Single(Errors(section, certificate: "own.crt")), StringComparison.Ordinal);
        Assert.StartsWith($"{section}.Tls: has one of Certificate and Key", Assert.Single(Errors(section, key: "own.key")), StringComparison.Ordinal);
        foreach (var (certificate, key) in new[] { ("own.crt", "other.key"), ("own.key", "own.crt"), ("own.crt", "empty.crt"), ("broken.crt", "own.key") })
            Assert.StartsWith($"{section}.Tls.Certificate: \"{_folder}/{certificate}\" cannot be used with the key {_folder}/{key}", Assert.Single(Errors(section, certificate: certificate, key: key)), StringComparison.Ordinal);
    }

    private List<string> Errors(string section, string? ca = null, string? certificate = null, string? key = null)
    {
        var found = new ConfigurationErrors();
        ProxySettingsReader.Read(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                [$"{section}:Tls:Ca"] = Path(ca),
                [$"{section}:Tls:Certificate"] = Path(certificate),
                [$"{section}:Tls:Key"] = Path(key),
            }).Build(),
            found);
        return [.. found.Select(error => error.ToString())];
    }

    private string? Path(string? name) => name is null ? null : $"{_folder}/{name}";

    private void WriteCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText($"{_folder}/{name}.crt", certificate.ExportCertificatePem());
        File.WriteAllText($"{_folder}/{name}.key", key.ExportPkcs8PrivateKeyPem());
    }
}
