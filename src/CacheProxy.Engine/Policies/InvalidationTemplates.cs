using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>What a change invalidates, as templates: keys, tags, glob patterns, or everything.</summary>
public sealed class InvalidationTemplates
{
    internal InvalidationTemplates(ImmutableArray<Template> keys, ImmutableArray<Template> tags, ImmutableArray<Template> patterns, bool everything, string mode)
    {
        (Keys, Tags, Patterns, Everything, Mode) = (keys, tags, patterns, everything, mode);
        Names = [.. keys.Concat(tags).Concat(patterns).SelectMany(template => template.Placeholders).Select(part => part.Name!).Distinct()];
    }

    /// <summary>Whether everything is purged.</summary>
    public bool Everything { get; }

    /// <summary><c>Hard</c>, <c>Soft</c> or <c>Refresh</c>.</summary>
    public string Mode { get; }

    internal ImmutableArray<Template> Keys { get; }

    internal ImmutableArray<Template> Tags { get; }

    internal ImmutableArray<Template> Patterns { get; }

    internal ImmutableArray<TemplateName> Names { get; }

    /// <summary>Fills the templates.</summary>
    /// <param name="value">Gives the value of a name.</param>
    /// <param name="missing">The mandatory name that is absent; <see langword="null"/> beside no result: there would be too many names.</param>
    internal InvalidationNames? Render(Func<TemplateName, TemplateValue> value, out TemplateName? missing)
    {
        missing = null;
        var keys = ImmutableArray.CreateBuilder<string>();
        var tags = ImmutableArray.CreateBuilder<string>();
        var patterns = ImmutableArray.CreateBuilder<string>();
        foreach (var (templates, names) in new[] { (Keys, keys), (Patterns, patterns) })
            foreach (var template in templates)
            {
                if (template.Render(value, out missing) is not { } name) return null;
                names.Add(names == keys ? KeyNames.ShortenKey(name) : name);
            }
        foreach (var template in Tags)
        {
            if (template.RenderEach(value, Template.MaxEach, out missing) is not { } each) return null;
            tags.AddRange(each.Select(KeyNames.ShortenKey));
        }
        return new(keys.DrainToImmutable(), tags.DrainToImmutable(), patterns.DrainToImmutable(), Everything, Mode);
    }
}

/// <summary>Filled templates.</summary>
/// <param name="Keys">Primary keys.</param>
/// <param name="Tags">Tags.</param>
/// <param name="Patterns">Glob patterns.</param>
/// <param name="Everything">Whether everything is purged.</param>
/// <param name="Mode"><c>Hard</c>, <c>Soft</c> or <c>Refresh</c>.</param>
public sealed record InvalidationNames(ImmutableArray<string> Keys, ImmutableArray<string> Tags, ImmutableArray<string> Patterns, bool Everything, string Mode);
