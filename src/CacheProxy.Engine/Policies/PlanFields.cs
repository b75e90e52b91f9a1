using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// Writes all that was keyed into the identity, and what the template's text and the query do not tell into the rest as well, so that
/// names differ wherever identities do.
/// </summary>
internal sealed partial class PlanFields(CachePolicy policy, HttpContext context, KeyedFields identity, KeyedFields rest)
{
    public void Add(RequestValues values, RequestTarget target, PathReading path, QueryReading query, BodyReading body, string? accept)
    {
        var rules = policy.Rules;
        var request = context.Request;
        var method = CachePolicy.MethodClass(request.Method);
        identity.Add('n', policy.Name);
        identity.Add('m', method);
        if (method != rules.PlainMethod && !rules.Names(TemplateSource.Method)) rest.Add('m', method);
        if (rules.Key is null)
        {
            identity.Add('k', request.Scheme.ToLowerInvariant());
            identity.Add('k', rules.HasHost ? TargetNames.Host(request.Scheme, request.Host.Value) : "");
            identity.Add('k', target.Path);
            if (query.Sent is "") Both('?', "");
        }
        else
        {
            if (request.IsHttps) Both('s', "https");
            // With the origin in charge the whole request is sent, and the host with it.
            if (policy.FollowsOrigin && !rules.Names(TemplateSource.Host)) Both('o', TargetNames.Host(request.Scheme, request.Host.Value));
            AddValues(rules.Key, values);
            if (!rules.Names(TemplateSource.Path) && !path.IsToldBy(rules.Key.Placeholders)) Both('p', target.Path);
        }
        identity.Add('q', query.Remainder);
        if (body.Remainder is { } remainder) Both('b', remainder.Span);
        AddHeaders(request.Headers);
        if (accept is not null && !ReferenceEquals(accept, AcceptHeader.Json)) Both('a', accept);
        if (policy.VaryByCredential && rules.Credentials.Hash(request.Headers) is { } credentials)
        {
            identity.Add('c', credentials);
            rest.Add('c', credentials);
        }
    }

    private void AddValues(Template key, RequestValues values)
    {
        foreach (var part in key.Placeholders)
        {
            var value = values[part.Name!];
            identity.Add((char)('0' + value.Kind), "");
            if (value.Kind == ValueKind.Absent) continue;
            var isTold = policy.Rules.IsUnambiguous && !IsSkipped(key, part.Group, values) && IsTold(part, value);
            if (!isTold) rest.Add((char)('0' + value.Kind), part.Name!.ToString());
            if (!value.IsList)
            {
                AddValue(TemplateFilters.CanonicalText(value, part), isTold);
                continue;
            }
            foreach (var item in TemplateFilters.Canonical(value, part.Filters)) AddValue(item, isTold);
        }
    }

    private void AddValue(string text, bool isTold)
    {
        identity.Add('v', text);
        if (!isTold) rest.Add('v', text);
    }

    /// <summary>Whether the brackets that a placeholder stands in are left out.</summary>
    private static bool IsSkipped(Template key, int group, RequestValues values)
    {
        if (group < 0) return false;
        foreach (var part in key.Placeholders)
            if (part.Group == group && values[part.Name!].Kind == ValueKind.Absent) return true;
        return false;
    }

    /// <summary>Whether the text that a value makes could come from no value of another type.</summary>
    private static bool IsTold(TemplatePart part, TemplateValue value) => value.Kind switch
    {
        ValueKind.Text => part.Name!.Source != TemplateSource.Body || (!part.IsSorted && !JsonLiteral().IsMatch(value.Text)),
        ValueKind.Literal => !part.IsSorted,
        _ => part.IsSorted && value.Kind == ValueKind.TextList && !value.Items.IsEmpty,
    };

    private void AddHeaders(IHeaderDictionary headers)
    {
        foreach (var name in policy.VaryByHeader)
        {
            if (!headers.TryGetValue(name, out var lines)) continue;
            var keyed = lines.Count == 1 && policy.Rules.Key is { } key
                && key.Placeholders.Any(part => part.Name!.Source == TemplateSource.Header && part.Name.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (keyed || name.Equals("Accept", StringComparison.OrdinalIgnoreCase)) continue;
            Both('h', name.ToUpperInvariant());
            foreach (var line in lines) Both('l', line ?? "");
        }
    }

    private void Both(char kind, string text)
    {
        identity.Add(kind, text);
        rest.Add(kind, text);
    }

    private void Both(char kind, ReadOnlySpan<byte> bytes)
    {
        identity.Add(kind, bytes);
        rest.Add(kind, bytes);
    }

    [GeneratedRegex("^(-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?|true|false)$", RegexOptions.CultureInvariant)]
    private static partial Regex JsonLiteral();
}
