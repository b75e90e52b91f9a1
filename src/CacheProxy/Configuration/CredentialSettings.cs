using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>Reads <c>CredentialHeaders</c>.</summary>
internal static class CredentialSettings
{
    public static CredentialOptions Read(IConfiguration configuration, ConfigurationErrors errors)
    {
        var section = configuration.GetSection("CredentialHeaders");
        if (!section.Exists()) return new();
        var names = section.GetChildren().Select(item => item.Value ?? "").ToList();
        for (var i = 0; i < names.Count; i++)
            if (names[i].Length == 0 || names[i].Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_'))) errors.Add($"CredentialHeaders[{i}]", names[i], "is no name of a header: write letters, digits and dashes");
        return new() { Headers = [.. names] };
    }
}
