using System.Text.Json;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Management.Authentication;

namespace CacheProxy.Management.Modes;

/// <summary><c>GET /_cache/mode</c>: what the kill switch is set to.</summary>
internal sealed class ShowModeEndpoint(ManagementOptions options, IModeSwitch modes) : IManagementEndpoint
{
    public string Path { get; } = options.Prefix + "/mode";

    public string Method => HttpMethods.Get;

    public Permission Needs => Permission.Read;

    public Task HandleAsync(HttpContext context, string caller) => WriteAsync(context, modes);

    public static Task WriteAsync(HttpContext context, IModeSwitch modes) => ManagementJson.WriteAsync(
        context, new([.. modes.Overrides.Select(static setting => new ModeBody(setting.Policy, setting.Mode.ToString(), setting.Until))]), ManagementJson.Default.ModesBody);
}

/// <summary>
/// <c>POST /_cache/mode</c> <c>{"mode":"Off","policy":"*","for":"1h"}</c>: the kill switch, for all replicas. <c>"mode": null</c> takes a
/// setting back.
/// </summary>
internal sealed partial class SetModeEndpoint(
    ManagementOptions options, IModeSwitch modes, IEnumerable<EndpointDataSource> sources, TimeProvider time, ILogger<SetModeEndpoint> logger) : IManagementEndpoint
{
    private const int MaxBody = 4 * 1024;

    public string Path { get; } = options.Prefix + "/mode";

    public string Method => HttpMethods.Post;

    public Permission Needs => Permission.Purge;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        using var document = await BoundedBody.ReadJsonAsync(context, MaxBody, "Nothing was changed.");
        if (document is null) return;

        if (Read(document.RootElement, out var policy, out var mode, out var duration) is { } wrong)
        {
            await new Problem(StatusCodes.Status422UnprocessableEntity, "invalid-mode", "Invalid mode", wrong + " Nothing was changed.").WriteAsync(context);
            return;
        }

        try
        {
            await modes.SetModeAsync(policy, mode, duration, context.RequestAborted);
        }
        catch (InvalidationNotRecordedException exception)
        {
            await new Problem(StatusCodes.Status503ServiceUnavailable, "mode-not-recorded", "Mode not recorded",
                "The setting could not be recorded, or nobody knows whether it was. GET it, and set it again; for this replica alone, set the policy's Mode in routes.json.").WriteAsync(context, exception.RetryAfter);
            return;
        }

        LogSet(logger, caller, policy, mode?.ToString() ?? "as configured", duration is { } length ? time.GetUtcNow() + length : null);
        await ShowModeEndpoint.WriteAsync(context, modes);
    }

    /// <returns>What is wrong; null for nothing.</returns>
    private string? Read(JsonElement root, out string policy, out CacheMode? mode, out TimeSpan? duration)
    {
        (policy, mode, duration) = ("*", null, null);
        if (root.ValueKind != JsonValueKind.Object) return "The body is not a JSON object. Send for instance {\"mode\":\"Off\",\"policy\":\"*\",\"for\":\"1h\"}.";
        if (!root.TryGetProperty("mode", out _)) return "'mode' is missing. Write On, Off or Shadow, or null to take a setting back.";
        foreach (var member in root.EnumerateObject())
        {
            var text = BoundedBody.TryGetText(member.Value, out var value) ? value : null;
            switch (member.Name)
            {
                case "mode" when member.Value.ValueKind == JsonValueKind.Null: break;
                case "mode" when text is { Length: > 0 } && char.IsAsciiLetter(text[0]) && Enum.TryParse<CacheMode>(text, ignoreCase: true, out var known): mode = known; break;
                case "mode": return "'mode' is none of On, Off, Shadow and null.";
                case "policy" when text is not null && (text == "*" || Policies().Contains(text)): policy = text; break;
                case "policy": return $"'policy' is no policy in effect. Known are {string.Join(", ", Policies().Order(StringComparer.Ordinal))}, and * for all.";
                case "for" when Durations.TryParse(text, out var length, out _) && length > TimeSpan.Zero: duration = length; break;
                case "for": return $"'for' {Durations.Remedy}.";
                default: return $"'{member.Name}' is not known. Known are mode, policy and for.";
            }
        }

        return null;
    }

    private HashSet<string> Policies() =>
        [.. sources.SelectMany(static source => source.Endpoints).Select(static endpoint => endpoint.Metadata.GetMetadata<CachePolicy>()?.Name).OfType<string>()];

    [LoggerMessage(7301, LogLevel.Warning, "Kill switch: {Caller} set {Policy} to {Mode}, until {Until} (empty: until it is taken back).")]
    private static partial void LogSet(ILogger logger, string caller, string policy, string mode, DateTimeOffset? until);
}
