using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace CacheProxy.Engine.Policies;

internal enum TemplateSource
{
    Route,
    Query,
    Header,
    Body,
    Path,
    Host,
    Method,
}

/// <summary>What a placeholder names.</summary>
internal sealed record TemplateName(TemplateSource Source, string Name)
{
    /// <summary>As it is written between the braces.</summary>
    public override string ToString() => Source switch
    {
        TemplateSource.Route => Name,
        TemplateSource.Query => $"query.{Name}",
        TemplateSource.Header => $"header.{Name}",
        TemplateSource.Body => $"body.{Name}",
        _ => Source.ToString().ToLowerInvariant(),
    };
}

/// <summary>A literal (<see cref="Name"/> is null) or a placeholder; <see cref="Group"/> numbers the brackets it stands in, −1 for none.</summary>
internal sealed record TemplatePart(string Literal, TemplateName? Name, ImmutableArray<TemplateFilter> Filters, int Group)
{
    public bool IsHashed { get; } = Filters.Contains(TemplateFilter.Md5) || Filters.Contains(TemplateFilter.Sha256);

    public bool IsSorted { get; } = Filters.Contains(TemplateFilter.Sort);

    public bool IsUuid { get; } = Filters.Contains(TemplateFilter.Uuid);
}

/// <summary>A compiled template of a key, a tag or a path.</summary>
internal sealed class Template
{
    /// <summary>The most texts that one template of a tag may make: several lists multiply, and their lengths are the client's.</summary>
    public const int MaxEach = 10_000;

    internal Template(string text, ImmutableArray<TemplatePart> parts)
    {
        Text = text;
        Parts = parts;
        Placeholders = [.. parts.Where(part => part.Name is not null)];
    }

    public string Text { get; }

    public ImmutableArray<TemplatePart> Parts { get; }

    public ImmutableArray<TemplatePart> Placeholders { get; }

    /// <summary>Renders with lists joined by <c>|</c>.</summary>
    /// <param name="value">Gives the value of a name.</param>
    /// <param name="missing">The mandatory name that is absent, or is a dot segment.</param>
    /// <returns><see langword="null"/> when something mandatory is missing.</returns>
    public string? Render(Func<TemplateName, TemplateValue> value, out TemplateName? missing)
    {
        var skipped = Skipped(value, out missing);
        if (missing is not null) return null;
        var result = new DefaultInterpolatedStringHandler(0, 0, CultureInfo.InvariantCulture, stackalloc char[256]);
        foreach (var part in Parts)
        {
            if (part.Group >= 0 && skipped[part.Group]) continue;
            if (part.Name is null)
            {
                result.AppendLiteral(part.Literal);
                continue;
            }
            var found = value(part.Name);
            result.AppendLiteral(TemplateFilters.PlainText(found, part) ?? string.Join('|', TemplateFilters.Apply(found, part.Filters)));
        }
        return result.ToStringAndClear();
    }

    /// <summary>Renders one text for each element of its lists, each once.</summary>
    /// <param name="value">Gives the value of a name.</param>
    /// <param name="limit">The most texts; above it nothing is returned.</param>
    /// <param name="missing">The mandatory name that is absent, or is a dot segment.</param>
    public ImmutableArray<string>? RenderEach(Func<TemplateName, TemplateValue> value, int limit, out TemplateName? missing)
    {
        if (!HasList(value)) return Render(value, out missing) is { } only ? [only] : null;
        var skipped = Skipped(value, out missing);
        if (missing is not null) return null;
        List<string> results = [""];
        foreach (var part in Parts)
        {
            if (part.Group >= 0 && skipped[part.Group]) continue;
            if (part.Name is null)
            {
                for (var i = 0; i < results.Count; i++) results[i] += part.Literal;
                continue;
            }
            var items = TemplateFilters.Apply(value(part.Name), part.Filters).Distinct().ToList();
            if ((long)results.Count * items.Count > limit) return null;
            results = [.. results.SelectMany(_ => items, (prefix, item) => prefix + item)];
        }
        return [.. results.Distinct()];
    }

    private bool HasList(Func<TemplateName, TemplateValue> value)
    {
        foreach (var part in Placeholders)
            if (value(part.Name!).IsList) return true;
        return false;
    }

    private bool[] Skipped(Func<TemplateName, TemplateValue> value, out TemplateName? missing)
    {
        missing = null;
        var groups = 0;
        foreach (var part in Parts) groups = Math.Max(groups, part.Group + 1);
        var skipped = groups == 0 ? [] : new bool[groups];
        foreach (var part in Placeholders)
        {
            var found = value(part.Name!);
            if (part.Group >= 0) skipped[part.Group] |= found.Kind == ValueKind.Absent;
            else if (found.Kind == ValueKind.Absent || found.IsDots || (found.IsList && found.Items.Any(item => item is "." or ".."))) missing ??= part.Name;
        }
        return skipped;
    }
}
