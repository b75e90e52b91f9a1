using System.Collections.Frozen;
using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>Compiles the half of a policy that makes plans, and checks that its templates agree with each other.</summary>
internal static class PolicyRulesCompiler
{
    private static readonly FrozenDictionary<string, string> s_bypass =
        new Dictionary<string, string> { ["query.use_cache"] = "false" }.ToFrozenDictionary();

    public static PolicyRules Compile(
        CachePolicyConfig config, Template? key, ImmutableArray<string> methods, bool followsOrigin, ImmutableArray<string> varyByHeader, CredentialOptions credentials, OptionReader read)
    {
        var tags = read.Templates("Tags", config.Tags, TemplateUse.Key);
        var access = read.Template("AccessCheck.Path", config.AccessCheckPath, TemplateUse.Path);
        var conditions = Conditions(config, followsOrigin, read);
        CheckNames(config, key, tags, access, methods, varyByHeader, read);
        FrozenSet<string> Named(TemplateSource source) =>
        [
            .. new[] { key, access }.OfType<Template>().Concat(tags).SelectMany(template => template.Placeholders)
                .Select(part => part.Name!).Where(name => name.Source == source).Select(name => name.Name),
        ];
        return new PolicyRules
        {
            Key = key,
            Tags = tags,
            AccessPath = access,
            Credentials = credentials,
            Conditions = conditions,
            IsUnambiguous = key is not null && TemplateOverlap.IsUnambiguous(key),
            PlainMethod = CachePolicy.MethodClass(methods.IsEmpty || methods.Contains("GET") ? "GET" : methods[0]),
            Query = new()
            {
                Keyed = [.. Keyed(key, TemplateSource.Query).Select(part => part.Name!.Name)],
                Known = [.. Named(TemplateSource.Query), .. conditions.Where(condition => condition.Name.Source == TemplateSource.Query).Select(condition => condition.Name.Name)],
                Ignored = [.. config.IgnoreQuery],
                Conditions = conditions,
                Unknown = read.Choice("UnknownQuery", config.UnknownQuery, UnknownQuery.Key),
                KeepsOrder = key is null,
            },
            Body = new()
            {
                Keyed = Keyed(key, TemplateSource.Body),
                Known = Named(TemplateSource.Body),
                Ignored = [.. config.IgnoreBody],
                Conditions = conditions,
            },
        };
    }

    private static ImmutableArray<TemplatePart> Keyed(Template? key, TemplateSource source) =>
        key is null ? [] : [.. key.Placeholders.Where(part => part.Name!.Source == source)];

    private static ImmutableArray<BypassCondition> Conditions(CachePolicyConfig config, bool followsOrigin, OptionReader read)
    {
        var written = config.Bypass ?? (followsOrigin ? FrozenDictionary<string, string>.Empty : s_bypass);
        var conditions = ImmutableArray.CreateBuilder<BypassCondition>();
        foreach (var (name, value) in written)
        {
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            TemplateSource? source = (dot < 0 ? "" : name[..dot]).ToLowerInvariant() switch
            {
                "query" => TemplateSource.Query,
                "header" => TemplateSource.Header,
                "body" => TemplateSource.Body,
                _ => null,
            };
            if (source is null || dot == name.Length - 1) read.Report("Bypass", name, "names nothing in a request: write query.name, header.name or body.name");
            else conditions.Add(new(new(source.Value, name[(dot + 1)..]), value));
        }
        return conditions.ToImmutable();
    }

    private static void CheckNames(
        CachePolicyConfig config, Template? key, ImmutableArray<Template> tags, Template? access, ImmutableArray<string> methods, ImmutableArray<string> varyByHeader, OptionReader read)
    {
        var templates = new List<(string Option, Template Template)>();
        if (key is not null) templates.Add(("Key", key));
        if (access is not null) templates.Add(("AccessCheck.Path", access));
        templates.AddRange(tags.Select((tag, i) => ($"Tags[{i}]", tag)));
        var hasBody = methods.Any(method => method is not ("GET" or "HEAD"));
        foreach (var (option, template) in templates)
            foreach (var part in template.Placeholders)
            {
                var name = part.Name!;
                if (name.Source == TemplateSource.Body && !hasBody) read.Report(option, $"{{{name}}}", "names a body, but the policy's methods have none: add POST or QUERY to Methods");
                if (name.Source == TemplateSource.Query && config.IgnoreQuery.Contains(name.Name)) read.Report(option, $"{{{name}}}", "is in IgnoreQuery, and so not sent: take it out of one of them");
                if (name.Source == TemplateSource.Body && config.IgnoreBody.Contains(name.Name)) read.Report(option, $"{{{name}}}", "is in IgnoreBody, and so not sent: take it out of one of them");
                if (option != "Key" && name.Source == TemplateSource.Header && !varyByHeader.Contains(name.Name, StringComparer.OrdinalIgnoreCase))
                    read.Report(option, $"{{{name}}}", "is not part of the key, so that the tag would be another request's: add the header to VaryByHeader");
            }
    }
}
