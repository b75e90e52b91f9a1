using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// From the backend's events to invalidations: <c>Invalidation:Events</c>, and the built-in <see cref="BuiltIn"/>, whose data is an
/// invalidation itself. Values are escaped as in keys, so that one with a wildcard, a comma or a colon is exactly itself.
/// </summary>
public sealed class EventMap
{
    /// <summary>The event whose data says itself what to purge.</summary>
    public const string BuiltIn = "cache.invalidate";

    private readonly FrozenDictionary<string, InvalidationTemplates> _events;

    private EventMap(FrozenDictionary<string, InvalidationTemplates> events)
    {
        _events = events;
        Types = [.. events.Keys.Append(BuiltIn).Order(StringComparer.Ordinal)];
    }

    /// <summary>Only the built-in event.</summary>
    public static EventMap Empty { get; } = new(FrozenDictionary<string, InvalidationTemplates>.Empty);

    /// <summary>The known types, sorted.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>Compiles the mapping.</summary>
    /// <param name="events">Types and their templates, as written.</param>
    /// <param name="path">Where they stand, for messages.</param>
    /// <param name="errors">Takes what is wrong; the result is of use only if nothing was added.</param>
    public static EventMap Compile(IEnumerable<KeyValuePair<string, InvalidationConfig>> events, string path, ICollection<ConfigurationError> errors)
    {
        var compiled = new Dictionary<string, InvalidationTemplates>(StringComparer.Ordinal);
        foreach (var (type, config) in events)
        {
            if (type == BuiltIn) errors.Add(new($"{path}.{type}", type, "is built in and cannot be mapped: choose another name"));
            compiled[type] = InvalidationCompiler.Compile(config, $"{path}.{type}", isEvent: true, errors);
        }
        return new(compiled.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>Maps an event.</summary>
    /// <param name="type">Its type, case-sensitive.</param>
    /// <param name="data">Its data.</param>
    /// <param name="invalidation">What to purge.</param>
    /// <param name="error">What is wrong with the event, and what would be right: for the caller's 422.</param>
    public bool TryMap(string type, JsonElement data, [NotNullWhen(true)] out Invalidation? invalidation, [NotNullWhen(false)] out string? error)
    {
        invalidation = null;
        if (type == BuiltIn) return InvalidationBody.TryRead(data, out invalidation, out error);
        if (!_events.TryGetValue(type, out var templates))
        {
            error = $"The event type '{type}' is unknown. The known types are {string.Join(", ", Types)}; others are mapped under Invalidation:Events.";
            return false;
        }
        string? ambiguous = null;
        var names = templates.Render(Value, out var missing);
        if (ambiguous is not null || names is null)
        {
            error = ambiguous is not null ? $"The event '{type}' has '{ambiguous}' in two spellings of its data: send one."
                : missing is not null ? $"The event '{type}' needs a value for '{missing.Name}' in its data."
                : $"The event '{type}' names more than {Template.MaxEach} tags; the most is {Invalidation.MaxNames}.";
            return false;
        }
        error = null;
        invalidation = names.ToInvalidation();
        return true;

        TemplateValue Value(TemplateName name)
        {
            try
            {
                if (!JsonPaths.TryFind(data, name.Name, out var found)) ambiguous ??= name.Name;
                // An empty value would purge a name that nothing bears, and be acknowledged as if it had helped.
                return JsonPaths.Value(found) is var value && (value is { Kind: ValueKind.Text, Text: "" } || (value.IsList && value.Items.IsEmpty)) ? TemplateValue.Absent : value;
            }
            catch (InvalidOperationException)
            {
                // A lone surrogate: no text.
                return TemplateValue.Absent;
            }
        }
    }
}
