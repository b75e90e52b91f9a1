using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy purge --tag model:abc-123 [--key …] [--pattern …] [--everything] [--mode soft] [--dry-run]</c>: purges through the running proxy.</summary>
public static class PurgeCommand
{
    private const string Usage =
        "Usage: CacheProxy purge [--key NAME]… [--tag NAME]… [--pattern GLOB]… [--everything] [--mode hard|soft|refresh] [--dry-run]";

    /// <summary>Sends the invalidation, and ends when it is acknowledged: then it is true on every replica.</summary>
    /// <returns>The exit code: 0 when it was acknowledged.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter error, TimeProvider time)
    {
        if (Read(arguments, out var wrong) is not { } body)
        {
            await error.WriteLineAsync($"{wrong} {Usage}");
            return 1;
        }
        using var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, PurgeJson.Default.PurgeBody));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await OperatorCommand.RunAsync(configuration, HttpMethod.Post, "/invalidate", content, "cache:purge", output, error, time);
    }

    private static PurgeBody? Read(IReadOnlyList<string> arguments, out string wrong)
    {
        var body = new PurgeBody([], [], [], false, "hard", false);
        wrong = "Nothing is named.";
        for (var i = 0; i < arguments.Count; i++)
        {
            var next = i + 1 < arguments.Count ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--key" when next.Length > 0: body.Keys.Add(next); i++; break;
                case "--tag" when next.Length > 0: body.Tags.Add(next); i++; break;
                case "--pattern" when next.Length > 0: body.Patterns.Add(next); i++; break;
                case "--mode" when next is "hard" or "soft" or "refresh": body = body with { Mode = next }; i++; break;
                case "--everything": body = body with { Everything = true }; break;
                case "--dry-run": body = body with { DryRun = true }; break;
                default:
                    wrong = $"'{arguments[i]} {next}' is not understood.";
                    return null;
            }
        }
        return body.Everything || body.Keys.Count + body.Tags.Count + body.Patterns.Count > 0 ? body : null;
    }
}

internal sealed record PurgeBody(List<string> Keys, List<string> Tags, List<string> Patterns, bool Everything, string Mode, bool DryRun);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PurgeBody))]
internal sealed partial class PurgeJson : JsonSerializerContext;
