namespace CacheProxy.Management;

/// <summary>Queries of ours: each parameter at most once, not empty, and none that is not known.</summary>
internal static class QueryReader
{
    /// <summary>Checks the query against what an endpoint knows.</summary>
    public static bool TryRead(IQueryCollection query, ReadOnlySpan<string> known, out Problem problem)
    {
        problem = default;
        foreach (var (name, values) in query)
        {
            if (!known.Contains(name))
                problem = Problems.InvalidQuery($"The parameter '{name}' is not known. Known: {string.Join(", ", known.ToArray())}.");
            else if (values.Count != 1 || string.IsNullOrEmpty(values[0]))
                problem = Problems.InvalidQuery($"The parameter '{name}' is empty or repeated. Give it once, with a value.");
            else continue;
            return false;
        }

        return true;
    }

    /// <summary>The value, or null when it is absent.</summary>
    public static string? Value(IQueryCollection query, string name) => query.TryGetValue(name, out var values) ? values[0] : null;
}
