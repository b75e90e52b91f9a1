using Launcher;
using Microsoft.Extensions.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;

namespace EndToEnd.Launching;

public sealed class DevelopmentSecretsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cacheproxy-secrets-").FullName;

    private string FilePath => Path.Combine(_folder, "id", "secrets.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void LoadOrCreate_Twice_KeepsKeyAndWebhookSecret()
    {
        var first = DevelopmentSecrets.LoadOrCreate(FilePath);
        var second = DevelopmentSecrets.LoadOrCreate(FilePath);

        Assert.Equal(first.SigningKey, second.SigningKey);
        Assert.Equal(first.WebhookSecret, second.WebhookSecret);
        Assert.Equal(32, Convert.FromBase64String(first.SigningKey).Length);
        Assert.StartsWith("whsec_", first.WebhookSecret, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadOrCreate_FileOfDotnetUserJwts_KeepsItsKeyAndEverythingElse()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, """
            { "Other": "stays", "Authentication:Schemes:Bearer:SigningKeys": [
              { "Id": "1", "Issuer": "elsewhere", "Value": "AAAA", "Length": 3 },
              { "Id": "2", "Issuer": "dotnet-user-jwts", "Value": "a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LWtleS0=", "Length": 32 } ] }
            """);

        var secrets = DevelopmentSecrets.LoadOrCreate(FilePath);

        var file = new ConfigurationBuilder().AddJsonFile(FilePath).Build();
        Assert.Equal("a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LWtleS0=", secrets.SigningKey);
        Assert.Equal("stays", file["Other"]);
        Assert.Equal("elsewhere", file["Authentication:Schemes:Bearer:SigningKeys:0:Issuer"]);
        Assert.Equal(secrets.WebhookSecret, file["Webhooks:Secrets:0"]);
    }

    [Fact]
    public void LoadOrCreate_NewFile_IsReadableForItsOwnerOnly()
    {
        DevelopmentSecrets.LoadOrCreate(FilePath);

        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void LoadOrCreate_BrokenFile_NamesItAndWhatToDo()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FilePath)!);
        File.WriteAllText(FilePath, "{ broken");

        var error = Assert.Throws<LaunchException>(() => DevelopmentSecrets.LoadOrCreate(FilePath));

        Assert.Contains(FilePath, error.Message, StringComparison.Ordinal);
        Assert.Contains("delete the file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateToken_Operator_CarriesScopeAudienceAndADayOfLife()
    {
        var token = new JsonWebToken(DevelopmentSecrets.LoadOrCreate(FilePath)
            .CreateToken("cacheproxy", "operator", "cache:read cache:purge", TimeProvider.System));

        Assert.Equal("dotnet-user-jwts", token.Issuer);
        Assert.Equal("cacheproxy", Assert.Single(token.Audiences));
        Assert.Equal("cache:read cache:purge", token.GetClaim("scope").Value);
        Assert.Equal(TimeSpan.FromDays(1), token.ValidTo - token.ValidFrom);
    }
}
