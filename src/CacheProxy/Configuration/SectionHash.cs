using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Configuration;

/// <summary>Tells whether sections say the same: a hash over all their values, whatever the order in which they were written.</summary>
internal static class SectionHash
{
    /// <returns>16 hexadecimal digits.</returns>
    public static string Of(params IEnumerable<IConfigurationSection> sections)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in sections.SelectMany(static section => section.AsEnumerable()).OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase))
            text.Append(key).Append('\0').Append(value).Append('\0');
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..16];
    }
}
