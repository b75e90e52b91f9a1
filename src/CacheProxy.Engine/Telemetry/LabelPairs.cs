using System.Collections.Concurrent;

namespace CacheProxy.Engine.Telemetry;

/// <summary>The children of a metric with two labels, looked up without allocating: the library's own lookup makes an array a time.</summary>
/// <typeparam name="TChild">What counts.</typeparam>
/// <param name="create">The library's <c>WithLabels</c>.</param>
public sealed class LabelPairs<TChild>(Func<string[], TChild> create)
{
    private readonly ConcurrentDictionary<(string First, string Second), TChild> _children = new();

    /// <summary>The child of two values, each from a closed list or a policy's name, never what a client sent; made at first use.</summary>
    public TChild Of(string first, string second) =>
        _children.TryGetValue((first, second), out var child) ? child : _children.GetOrAdd((first, second), labels => create([labels.First, labels.Second]));
}
