using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>How the value of an option is written.</summary>
public enum OptionForm
{
    /// <summary>A string.</summary>
    Text,

    /// <summary>A list of strings.</summary>
    TextList,

    /// <summary>A duration; as a JSON number, seconds.</summary>
    Duration,

    /// <summary>A size; as a JSON number, bytes.</summary>
    Size,

    /// <summary>A number.</summary>
    Number,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Flag,

    /// <summary>An object of names and strings or flags.</summary>
    TextMap,

    /// <summary>An object of status codes and durations.</summary>
    DurationMap,

    /// <summary><c>{ "Path": …, "Ttl": … }</c>.</summary>
    AccessCheck,

    /// <summary><c>{ "Keys": […], "Tags": […], "Patterns": […], "Everything": …, "Mode": … }</c>.</summary>
    Invalidation,
}

/// <summary>An option of a policy.</summary>
/// <param name="Name">As it is written.</param>
/// <param name="Form">What stands there.</param>
/// <param name="Values">The only values, where there are such.</param>
public sealed record PolicyOption(string Name, OptionForm Form, ImmutableArray<string> Values);

/// <summary>
/// The options of a policy that this build implements: what is not in the table is refused as unknown. To add one: a line here, a
/// property in <see cref="CachePolicyConfig"/>, its reading in <see cref="PolicyCompiler"/>, and the schema, which a test holds against this.
/// </summary>
public static class PolicyOptions
{
    /// <summary>The table.</summary>
    public static ImmutableArray<PolicyOption> All { get; } =
    [
        new("Key", OptionForm.Text, []),
        new("Tags", OptionForm.TextList, []),
        new("Ttl", OptionForm.Duration, []),
        new("Jitter", OptionForm.Number, []),
        new("Methods", OptionForm.TextList, ["GET", "HEAD", "POST", "QUERY"]),
        new("Bypass", OptionForm.TextMap, []),
        new("IgnoreQuery", OptionForm.TextList, []),
        new("IgnoreBody", OptionForm.TextList, []),
        new("UnknownQuery", OptionForm.Text, [.. Enum.GetNames<UnknownQuery>()]),
        new("VaryByHeader", OptionForm.TextList, []),
        new("VaryByCredential", OptionForm.Flag, []),
        new("AccessCheck", OptionForm.AccessCheck, []),
        new("Shared", OptionForm.Flag, []),
        new("StatusCodes", OptionForm.DurationMap, []),
        new("RequestDirectives", OptionForm.Text, [.. Enum.GetNames<RequestDirectives>()]),
        new("RemoveHeaders", OptionForm.TextList, []),
        new("MaxEntrySize", OptionForm.Size, []),
        new("StaleWhileRevalidate", OptionForm.Duration, []),
        new("StaleIfError", OptionForm.Duration, []),
        new("OnLostLease", OptionForm.Text, [.. Enum.GetNames<OnLostLease>()]),
        new("RefreshAhead", OptionForm.Number, []),
        new("Verify", OptionForm.Number, []),
        new("Warmup", OptionForm.TextList, []),
        new("InvalidateOnSuccess", OptionForm.Invalidation, []),
        new("Mode", OptionForm.Text, [.. Enum.GetNames<PolicyMode>()]),
    ];

    /// <summary>The fields of <see cref="OptionForm.AccessCheck"/>.</summary>
    public static ImmutableArray<PolicyOption> AccessCheck { get; } =
        [new("Path", OptionForm.Text, []), new("Ttl", OptionForm.Duration, [])];

    /// <summary>The fields of <see cref="OptionForm.Invalidation"/>.</summary>
    public static ImmutableArray<PolicyOption> Invalidation { get; } =
    [
        new("Keys", OptionForm.TextList, []), new("Tags", OptionForm.TextList, []), new("Patterns", OptionForm.TextList, []),
        new("Everything", OptionForm.Flag, []), new("Mode", OptionForm.Text, ["Hard", "Soft", "Refresh"]),
    ];
}
