using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Policies;

/// <summary>What the placeholders of a policy's templates stand for in one request.</summary>
internal sealed class RequestValues(HttpContext context, RequestTarget target, PathReading path, QueryReading query, BodyReading body)
{
    /// <summary>The same for templates: one for all of a policy's.</summary>
    public Func<TemplateName, TemplateValue> Lookup => field ??= name => this[name];

    public TemplateValue this[TemplateName name] => name.Source switch
    {
        TemplateSource.Route => path.Value(name.Name),
        TemplateSource.Query => query.Values.TryGetValue(name.Name, out var value) ? TemplateValue.OfText(value) : TemplateValue.Absent,
        TemplateSource.Body => body.Values.TryGetValue(name.Name, out var field) ? field : TemplateValue.Absent,
        TemplateSource.Header => Header(name.Name),
        TemplateSource.Path => TemplateValue.OfText(target.Path),
        TemplateSource.Host => TemplateValue.OfText(TargetNames.Host(context.Request.Scheme, context.Request.Host.Value)),
        _ => TemplateValue.OfText(CachePolicy.MethodClass(context.Request.Method)),
    };

    /// <summary>RFC 9110 §5.3: several lines are one value, joined by commas.</summary>
    private TemplateValue Header(string name) =>
        context.Request.Headers.TryGetValue(name, out var lines) && lines.Count > 0 ? TemplateValue.OfText(string.Join(", ", lines.ToArray())) : TemplateValue.Absent;
}
