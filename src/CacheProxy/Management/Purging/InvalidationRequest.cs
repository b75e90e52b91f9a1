using System.Collections.Immutable;
using System.Text.Json;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Management.Purging;

/// <summary>The body of <c>POST /_cache/invalidate</c>.</summary>
/// <param name="Invalidation">What to purge.</param>
/// <param name="DryRun">Whether to say only what it would take.</param>
internal sealed record InvalidationRequest(Invalidation Invalidation, bool DryRun)
{
    /// <summary>Reads it; an unknown member is an error, since a misspelt one would purge something else than what was meant.</summary>
    /// <returns>Null with what is wrong.</returns>
    public static InvalidationRequest? Read(JsonElement root, out Problem problem)
    {
        problem = default;
        if (root.ValueKind != JsonValueKind.Object) return Refuse("The body is not a JSON object. Send for instance {\"tags\":[\"model:abc-123\"]}.", out problem);
        var invalidation = new Invalidation();
        var dryRun = false;
        foreach (var member in root.EnumerateObject())
        {
            string? error;
            switch (member.Name)
            {
                case "keys": error = ReadNames(member, out var keys); invalidation = invalidation with { Keys = keys }; break;
                case "tags": error = ReadNames(member, out var tags); invalidation = invalidation with { Tags = tags }; break;
                case "patterns": error = ReadNames(member, out var patterns); invalidation = invalidation with { Patterns = patterns }; break;
                case "everything": error = ReadBoolean(member, out var everything); invalidation = invalidation with { Everything = everything }; break;
                case "mode": error = ReadMode(member.Value, out var mode); invalidation = invalidation with { Mode = mode }; break;
                case "dryRun": error = ReadBoolean(member, out dryRun); break;
                default: error = $"'{member.Name}' is not known. Known are keys, tags, patterns, everything, mode and dryRun."; break;
            }

            if (error is not null) return Refuse(error, out problem);
        }

        if (invalidation.IsEmpty) return Refuse("The invalidation names nothing. Give keys, tags, patterns, or \"everything\": true.", out problem);
        if (Purger.TooLarge(invalidation) is { } tooLarge)
        {
            problem = tooLarge;
            return null;
        }

        return new(invalidation, dryRun);
    }

    private static InvalidationRequest? Refuse(string error, out Problem problem)
    {
        problem = Problems.InvalidInvalidation(error);
        return null;
    }

    private static string? ReadNames(JsonProperty member, out ImmutableArray<string> names)
    {
        names = [];
        if (member.Value.ValueKind != JsonValueKind.Array) return $"'{member.Name}' is not a list of strings.";
        var builder = ImmutableArray.CreateBuilder<string>(member.Value.GetArrayLength());
        foreach (var element in member.Value.EnumerateArray())
        {
            if (!BoundedBody.TryGetText(element, out var name) || name.Length == 0) return $"'{member.Name}[{builder.Count}]' is not a non-empty string.";
            builder.Add(name);
        }

        names = builder.MoveToImmutable();
        return null;
    }

    private static string? ReadBoolean(JsonProperty member, out bool value)
    {
        value = member.Value.ValueKind == JsonValueKind.True;
        return member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : $"'{member.Name}' is neither true nor false.";
    }

    private static string? ReadMode(JsonElement element, out InvalidationMode mode)
    {
        var text = BoundedBody.TryGetText(element, out var value) ? value : "";
        mode = text switch { "soft" => InvalidationMode.Soft, "refresh" => InvalidationMode.Refresh, _ => InvalidationMode.Hard };
        return text is "hard" or "soft" or "refresh" ? null : "'mode' is none of \"hard\", \"soft\", \"refresh\".";
    }
}
