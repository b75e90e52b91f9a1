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
    // A handful at most: a list is looked through sooner than a table is built.
    private readonly List<Segment> _segments = [];
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
        if (_aligned)
        {
            foreach (var segment in _segments)
                if (segment.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return segment.Value;
        }
        // A default of the route, or the values of another route that a purge's target would take.
        return _routed.TryGetValue(name, out var routed) && routed?.ToString() is { Length: > 0 } text ? TemplateValue.OfText(text) : TemplateValue.Absent;
    }

    /// <summary>Whether the pattern, filled with what the key says, is the raw path byte for byte.</summary>
    /// <param name="keyed">The placeholders of the key.</param>
    public bool IsToldBy(IReadOnlyList<TemplatePart> keyed)
    {
        if (!_aligned) return false;
        foreach (var segment in _segments)
        {
            if (PartOf(keyed, segment.Name) is not { } part || segment.Value is not { Kind: ValueKind.Text } value) return false;
            var text = part.Filters.Contains(TemplateFilter.Uuid) ? TemplateFilters.CanonicalUuid(value.Text) : value.Text;
            var escaped = segment.IsCatchAll ? string.Join('/', text.Split('/').Select(KeyEscaping.Escape)) : KeyEscaping.Escape(text);
            if (escaped != segment.Raw) return false;
        }
        return true;
    }

    private static TemplatePart? PartOf(IReadOnlyList<TemplatePart> keyed, string name)
    {
        for (var i = 0; i < keyed.Count; i++)
            if (keyed[i].Name is { Source: TemplateSource.Route } named && named.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return keyed[i];
        return null;
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
            var raw = path.AsSpan(position, end - position);
            switch (segment.Parts[0])
            {
                case RoutePatternLiteralPart literal when raw.SequenceEqual(literal.Content):
                    break;
                case RoutePatternParameterPart parameter when raw.Length > 0 || catchAll:
                    _segments.Add(new Segment(parameter.Name, raw.ToString(), catchAll));
                    break;
                default:
                    return false;
            }
            position = end + 1;
        }
        return position == path.Length + 1;
    }

    /// <summary>What of the path stands for a parameter of the route.</summary>
    private sealed class Segment(string name, string raw, bool isCatchAll)
    {
        public string Name => name;

        public string Raw => raw;

        public bool IsCatchAll => isCatchAll;

        /// <summary>Decoded; absent where that cannot be done in one way only.</summary>
        public TemplateValue Value { get; } =
            KeyEscaping.TryDecode(raw, plusIsSpace: false, out var value) ? TemplateValue.OfText(value) : TemplateValue.Absent;
    }
}
