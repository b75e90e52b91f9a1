using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration.UserSecrets;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Launcher;

/// <summary>
/// The development keys of one program, made once and kept in its user secrets (outside the repository), in the form
/// of <c>dotnet user-jwts</c>, so that tokens made with that tool are accepted too.
/// </summary>
internal sealed class DevelopmentSecrets
{
    /// <summary>The issuer that <c>dotnet user-jwts</c> writes.</summary>
    public const string Issuer = "dotnet-user-jwts";

    private const string KeysProperty = "Authentication:Schemes:Bearer:SigningKeys";
    private const string WebhookProperty = "Webhooks:Secrets:0";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private DevelopmentSecrets(string signingKey, string webhookSecret) => (SigningKey, WebhookSecret) = (signingKey, webhookSecret);

    /// <summary>256 bits, base64.</summary>
    public string SigningKey { get; }

    /// <summary>What signs the backend's events: <c>whsec_</c> and 256 bits in base64.</summary>
    public string WebhookSecret { get; }

    /// <summary>Where the user secrets of a program are on this system.</summary>
    public static string PathOf(string userSecretsId) => PathHelper.GetSecretsPathFromSecretsId(userSecretsId);

    /// <summary>Reads the file, adds what is missing, and leaves everything else in it alone.</summary>
    /// <exception cref="LaunchException">The file is not JSON, or cannot be read or written.</exception>
    public static DevelopmentSecrets LoadOrCreate(string path)
    {
        try
        {
            var root = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path)) as JsonObject : null;
            root ??= [];
            var keys = root[KeysProperty] as JsonArray ?? [];
            var key = keys.FirstOrDefault(k => (string?)k?["Issuer"] == Issuer)?["Value"]?.GetValue<string>();
            var secret = root[WebhookProperty]?.GetValue<string>();
            if (key is null || secret is null)
            {
                key ??= AddKey(keys);
                secret ??= "whsec_" + NewKey();
                keys.Parent?.AsObject().Remove(KeysProperty);
                root[KeysProperty] = keys;
                root[WebhookProperty] = secret;
                Write(path, root.ToJsonString(Indented));
            }

            return new DevelopmentSecrets(key, secret);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new LaunchException($"The development secrets in '{path}' cannot be used: {e.Message} Mend or delete the file; a new one is made then.", e);
        }
    }

    /// <summary>A token signed with this key, valid for a day.</summary>
    public string CreateToken(string audience, string subject, string? scope, TimeProvider time)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object> { ["sub"] = subject, ["jti"] = Guid.NewGuid().ToString("N") };
        if (scope is not null)
            claims["scope"] = scope;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now.AddDays(1),
            Claims = claims,
            SigningCredentials = new SigningCredentials(
                new SymmetricSecurityKey(Convert.FromBase64String(SigningKey)), SecurityAlgorithms.HmacSha256),
        });
    }

    private static string AddKey(JsonArray keys)
    {
        var key = NewKey();
        keys.Add(new JsonObject
        {
            ["Id"] = Guid.NewGuid().ToString("N")[..8],
            ["Issuer"] = Issuer,
            ["Value"] = key,
            ["Length"] = 32,
        });
        return key;
    }

    private static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // Written beside and renamed, so that a crash never leaves half a file; readable for its owner only.
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(temporary, options))
            writer.Write(text);
        File.Move(temporary, path, overwrite: true);
    }
}
