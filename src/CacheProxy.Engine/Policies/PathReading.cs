using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// The raw path laid beside the route's pattern. Route values are taken from the raw path, since routing leaves <c>%2F</c> as it is and
/// so gives <c>a%2Fb</c> and <c>a%252Fb</c> one value (dotnet/yarp 1419).
/// </summary>
internal sealed class PathReading
{
    private readonly Dictionary<string, (string Raw, bool CatchAll)> _raw = new(StringComparer.OrdinalIgnoreCase);
    private readonly RouteValueDictionary _routed;
    private readonly bool _aligned;

    public PathReading(HttpContext context, string path)
    {
        _routed = context.Request.RouteValues;
        _aligned = !context.Request.PathBase.HasValue && context.GetEndpoint() is RouteEndpoint endpoint && Align(endpoint.RoutePattern, path);
    }

    /// <summary>The decoded value; absent where it cannot be decoded in one way only.</summary>
    public TemplateValue Value(string name)
    {
        if (_aligned && _raw.TryGetValue(name, out var raw))
            return KeyEscaping.TryDecode(raw.Raw, plusIsSpace: false, out var value) ? TemplateValue.OfText(value) : TemplateValue.Absent;
        // A default of the route, or the values of another route that a purge's target would take.
        return _routed.TryGetValue(name, out var routed) && routed?.ToString() is { Length: > 0 } text ? TemplateValue.OfText(text) : TemplateValue.Absent;
    }

    /// <summary>Whether the pattern, filled with what the key says, is the raw path byte for byte.</summary>
    /// <param name="keyed">The placeholders of the key.</param>
    public bool IsToldBy(IReadOnlyList<TemplatePart> keyed)
    {
        if (!_aligned) return false;
        foreach (var (name, raw) in _raw)
        {
            var part = keyed.FirstOrDefault(part => part.Name!.Source == TemplateSource.Route && part.Name.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (part is null || Value(name) is not { Kind: ValueKind.Text } value) return false;
            var text = part.Filters.Contains(TemplateFilter.Uuid) ? TemplateFilters.CanonicalUuid(value.Text) : value.Text;
            var escaped = raw.CatchAll ? string.Join('/', text.Split('/').Select(KeyEscaping.Escape)) : KeyEscaping.Escape(text);
            if (escaped != raw.Raw) return false;
        }
        return true;
    }

    private bool Align(RoutePattern pattern, string path)
    {
        if (pattern.PathSegments.Count == 0) return path == "/";
        var position = 1;
        foreach (var segment in pattern.PathSegments)
        {
            if (segment.Parts.Count != 1 || position > path.Length) return false;
            var catchAll = segment.Parts[0] is RoutePatternParameterPart { IsCatchAll: true };
            var end = catchAll ? -1 : path.IndexOf('/', position);
            if (end < 0) end = path.Length;
            var raw = path[position..end];
            switch (segment.Parts[0])
            {
                case RoutePatternLiteralPart literal when literal.Content == raw:
                    break;
                case RoutePatternParameterPart parameter when raw.Length > 0 || catchAll:
                    _raw[parameter.Name] = (raw, catchAll);
                    break;
                default:
                    return false;
            }
            position = end + 1;
        }
        return position == path.Length + 1;
    }
}
