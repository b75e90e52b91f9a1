using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace CacheProxy.Configuration;

/// <summary>Looks into the files of <c>…:Tls:{Ca,Certificate,Key}</c> at start, so that what is wrong with one is said then, with its path, and not by the first connection.</summary>
internal static class PemFiles
{
    /// <summary>Reads a section of this kind and reports what cannot be used.</summary>
    public static TlsSettings Read(SettingsReader read, string section)
    {
        var settings = new TlsSettings(read.ReadableFile($"{section}:Ca"), read.ReadableFile($"{section}:Certificate"), read.ReadableFile($"{section}:Key"));
        if (read.Text($"{section}:Certificate") is null != read.Text($"{section}:Key") is null)
            read.Report(section, null, "has one of Certificate and Key: write both, or neither");
        if (settings.Ca is { } ca && Problem(() => Dispose(Certificates(ca))) is { } unread)
            read.Report($"{section}:Ca", ca, $"has no certificate in PEM ({unread}): write the path of the issuer's, -----BEGIN CERTIFICATE-----");
        if (settings is { Certificate: { } certificate, Key: { } key } && Problem(() => Own(certificate, key).Dispose()) is { } unfit)
            read.Report($"{section}:Certificate", certificate, $"cannot be used with the key {key} ({unfit}): write the paths of a certificate and of its key, in PEM and without a password");
        return settings;
    }

    /// <summary>All certificates of a file; at least one.</summary>
    public static X509Certificate2Collection Certificates(string path)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPemFile(path);
        return certificates.Count > 0 ? certificates : throw new CryptographicException("there is none in it");
    }

    /// <summary>The first certificate of a file, with its key.</summary>
    public static X509Certificate2 Own(string certificate, string key)
    {
        var own = X509Certificate2.CreateFromPemFile(certificate, key);
        if (!OperatingSystem.IsWindows()) return own;
        // Windows' TLS takes no key that lives in memory only.
        using (own) return X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null);
    }

    private static string? Problem(Action load)
    {
        try
        {
            load();
            return null;
        }
        catch (Exception exception) when (exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            return exception.Message.TrimEnd('.');
        }
    }

    private static void Dispose(X509Certificate2Collection certificates)
    {
        foreach (var certificate in certificates) certificate.Dispose();
    }
}
