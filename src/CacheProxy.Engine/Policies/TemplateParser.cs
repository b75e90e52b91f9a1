using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>Where a template stands, and so what it may say.</summary>
internal enum TemplateUse
{
    /// <summary>A primary key or a tag of a request.</summary>
    Key,

    /// <summary>A path on the origin.</summary>
    Path,

    /// <summary>A glob pattern of a request: brackets and question marks are the glob's own.</summary>
    Pattern,

    /// <summary>A key or tag of an event, whose names are paths into its data.</summary>
    EventKey,

    /// <summary>A glob pattern of an event.</summary>
    EventPattern,
}

/// <summary>Compiles templates, and says of what it cannot compile what to write instead.</summary>
internal static class TemplateParser
{
    public static Template? TryParse(string text, TemplateUse use, string path, ICollection<ConfigurationError> errors)
    {
        var parser = new Parser(text, use);
        var problem = parser.Run();
        if (problem is null) return new(text, parser.Parts.ToImmutable());
        errors.Add(new(path, text, problem));
        return null;
    }

    private ref struct Parser(string text, TemplateUse use)
    {
        private readonly bool _glob = use is TemplateUse.Pattern or TemplateUse.EventPattern;
        private int _group = -1;
        private int _groups;
        private int _literalStart;

        public ImmutableArray<TemplatePart>.Builder Parts { get; } = ImmutableArray.CreateBuilder<TemplatePart>();

        public string? Run()
        {
            if (text.Length == 0) return "is empty: write a template such as model:metrics:{model_run_id}";
            for (var i = 0; i < text.Length; i++)
            {
                string? problem = null;
                switch (text[i])
                {
                    case '{':
                        var end = text.IndexOf('}', i);
                        if (end < 0) return "has a brace that is not closed";
                        EndLiteral(i);
                        problem = Placeholder(text[(i + 1)..end]);
                        i = end;
                        _literalStart = end + 1;
                        break;
                    case '}':
                        return "has a closing brace without an opening one";
                    case '[' when !_glob:
                        if (_group >= 0) return "has brackets within brackets: close the first";
                        EndLiteral(i);
                        _group = _groups++;
                        _literalStart = i + 1;
                        break;
                    case ']' when !_glob:
                        problem = CloseGroup(i);
                        break;
                    case '?' or '#' when !_glob:
                        return "contains a literal '?' or '#', which end the primary key in names: write another separator, such as ':'";
                    case var c when char.IsControl(c) || char.IsSurrogate(c):
                        return "contains a control character or a surrogate: leave it out";
                }
                if (problem is not null) return problem;
            }
            if (_group >= 0) return "has a bracket that is not closed";
            EndLiteral(text.Length);
            return null;
        }

        private string? CloseGroup(int position)
        {
            if (_group < 0) return "has a closing bracket without an opening one";
            EndLiteral(position);
            var group = _group;
            if (!Parts.Any(part => part.Group == group && part.Name is not null)) return "has brackets without a placeholder: there is nothing whose absence could leave them out";
            _group = -1;
            _literalStart = position + 1;
            return null;
        }

        private readonly void EndLiteral(int end)
        {
            if (end > _literalStart) Parts.Add(new(text[_literalStart..end], null, [], _group));
        }

        private readonly string? Placeholder(string inner)
        {
            var pieces = inner.Split('|');
            var name = Name(pieces[0].Trim(), out var problem);
            if (name is null) return problem;
            var filters = ImmutableArray.CreateBuilder<TemplateFilter>();
            foreach (var piece in pieces.AsSpan(1))
            {
                var filter = piece.Trim();
                var known = TemplateFilters.All.FirstOrDefault(entry => entry.Name == filter);
                if (known.Name is null) return $"has the unknown filter '{filter}': the filters are {string.Join(", ", TemplateFilters.All.Select(entry => entry.Name))}";
                filters.Add(known.Filter);
            }
            Parts.Add(new("", name, filters.ToImmutable(), _group));
            return null;
        }

        private readonly TemplateName? Name(string name, out string? problem)
        {
            problem = null;
            if (name.Length == 0 || name.Any(c => char.IsControl(c) || c is '{' or '[' or ']')) { problem = $"has the placeholder '{{{name}}}', which names nothing: write {{name}}, {{query.name}}, {{header.name}} or {{body.name}}"; return null; }
            if (use is TemplateUse.EventKey or TemplateUse.EventPattern) return new(TemplateSource.Body, name);
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            if (dot < 0)
                return name switch
                {
                    "path" => new(TemplateSource.Path, name),
                    "host" => new(TemplateSource.Host, name),
                    "method" => new(TemplateSource.Method, name),
                    _ => new(TemplateSource.Route, name),
                };
            var rest = name[(dot + 1)..];
            TemplateSource? source = name[..dot] switch
            {
                "query" => TemplateSource.Query,
                "header" => TemplateSource.Header,
                "body" => TemplateSource.Body,
                _ => null,
            };
            if (source is null || rest.Length == 0) { problem = $"has the placeholder '{{{name}}}': before the dot stands query, header or body, after it a name"; return null; }
            if (source == TemplateSource.Header && use == TemplateUse.Path) { problem = $"has the placeholder '{{{name}}}': a header is the client's to choose, so it may not decide what is checked"; return null; }
            return new(source.Value, rest);
        }
    }
}
