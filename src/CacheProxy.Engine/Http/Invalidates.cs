using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Http;

/// <summary>What an unsafe request makes invalid (RFC 9111 §4.4).</summary>
public static class Invalidates
{
    /// <summary>
    /// The targets (path and query, as they were written) whose stored responses are invalid after a response: the request's own, and those of
    /// <c>Location</c> and <c>Content-Location</c> that are of the same origin; none after a safe method or an error.
    /// </summary>
    /// <param name="method">The request's method.</param>
    /// <param name="status">The response's status.</param>
    /// <param name="scheme">The scheme of the request's URI.</param>
    /// <param name="host">Its host, and its port if it names one.</param>
    /// <param name="target">Its path and query.</param>
    /// <param name="response">The response's fields.</param>
    public static ImmutableArray<string> Of(string method, int status, string scheme, HostString host, string target, HeaderFields response)
    {
        if (!MethodFacts.IsUnsafe(method) || !StatusFacts.IsNonError(status)) return [];
        var targets = ImmutableArray.Create(target);
        foreach (var name in (ReadOnlySpan<string>)["Location", "Content-Location"])
        {
            var lines = response[name];
            if (lines.Count == 1 && TargetReference.Resolve(lines[0], scheme, host, target) is { } other && !targets.Contains(other))
                targets = targets.Add(other);
        }
        return targets;
    }
}
