using Launcher;

namespace Processes;

/// <summary>Keys of one test run: nothing of the developer's own secrets is read or changed.</summary>
internal static class DevelopmentKeys
{
    public static DevelopmentSecrets Proxy { get; } = New();

    public static DevelopmentSecrets Backend { get; } = New();

    public static Dictionary<string, string?> Bearer(DevelopmentSecrets keys, string audience) => new()
    {
        ["Authentication__Schemes__Bearer__ValidIssuer"] = DevelopmentSecrets.Issuer,
        ["Authentication__Schemes__Bearer__ValidAudiences__0"] = audience,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Issuer"] = DevelopmentSecrets.Issuer,
        ["Authentication__Schemes__Bearer__SigningKeys__0__Value"] = keys.SigningKey,
    };

    private static DevelopmentSecrets New() =>
        DevelopmentSecrets.LoadOrCreate(Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-keys-").FullName, "secrets.json"));
}
