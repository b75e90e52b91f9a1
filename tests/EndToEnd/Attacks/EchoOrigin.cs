using System.Security.Cryptography;
using System.Text;
using EndToEnd.Wire;

namespace EndToEnd.Attacks;

/// <summary>
/// An origin that uses everything: its body is a hash of all that it was sent. Whatever a stranger can smuggle into a fill shows as another
/// body for the next one who asks cleanly, and what that one must get is computed here, without any proxy: the differential oracle.
/// </summary>
internal static class EchoOrigin
{
    /// <summary>What a proxy of ours sends by itself, the same for everybody.</summary>
    private static readonly HashSet<string> s_ownFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "User-Agent", "traceparent", "Via", "Content-Length", "X-Forwarded-Proto",
    };

    public static Task AnswerAsync(SeenRequest request, OriginConnection connection) => connection.AnswerAsync(
        BodyFor(request.Method, request.Target, request.Fields.Where(static field => !IsOwn(field)), request.Text), "Cache-Control: max-age=60");

    /// <summary>The answer to a request with nothing but a target.</summary>
    public static string CleanBodyFor(string target) => BodyFor("GET", target, [], "");

    public static string BodyFor(string method, string target, IEnumerable<(string Name, string Value)> fields, string body)
    {
        var all = new StringBuilder($"{method} {target}\n");
        foreach (var (name, value) in fields.OrderBy(static field => field.Name, StringComparer.OrdinalIgnoreCase).ThenBy(static field => field.Value, StringComparer.Ordinal))
            all.Append(name.ToLowerInvariant()).Append(": ").Append(value).Append('\n');
        all.Append('\n').Append(body);
        return $"{target} {Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(all.ToString())))}";
    }

    private static bool IsOwn((string Name, string Value) field) =>
        s_ownFields.Contains(field.Name) || (field.Name.Equals("Accept", StringComparison.OrdinalIgnoreCase) && field.Value == "application/json, */*;q=0.1");
}
