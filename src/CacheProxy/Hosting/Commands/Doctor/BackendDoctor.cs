using CacheProxy.Configuration;
using CacheProxy.Proxying;

namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>Asks each backend itself, past the proxy, for each target twice: for a page of another origin, and for none.</summary>
internal sealed class BackendDoctor(OriginOptions origin, DoctorOptions options, TimeProvider time, ICollection<Finding> findings)
{
    // Date has whole seconds.
    private static readonly TimeSpan s_skew = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private static readonly string[] s_signsOfCaches = ["Age", "X-Cache", "Cache-Status", "CF-Cache-Status", "X-Varnish", "X-Proxy-Cache", "X-Cache-Hits"];

    /// <returns>How many requests were sent.</returns>
    public async Task<int> LookAsync(LoadedRoutes routes)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = origin.ConnectTimeout };
        origin.Tls?.Apply(handler.SslOptions);
        using var client = new HttpClient(handler) { Timeout = s_timeout };
        var cached = options.Targets.Count > 0 ? options.Targets : LiteralTargets(routes);
        // Nothing is known to be cached: the backend is asked all the same, for its clock and its caches.
        var targets = cached.Count > 0 ? cached : ["/"];
        var asked = 0;
        foreach (var address in Addresses(routes))
            foreach (var target in targets)
            {
                asked += 2;
                if (!await LookAtAsync(client, address, target, cached.Count > 0)) break;
            }
        return asked;
    }

    private static IEnumerable<string> Addresses(LoadedRoutes routes) => routes.ReverseProxy.GetSection("Clusters").GetChildren()
        .SelectMany(static cluster => cluster.GetSection("Destinations").GetChildren()).Select(static destination => destination["Address"]!.TrimEnd('/'))
        .Distinct(StringComparer.OrdinalIgnoreCase);

    // Routes with a policy whose path says the whole target.
    private static List<string> LiteralTargets(LoadedRoutes routes) =>
    [
        .. routes.ReverseProxy.GetSection("Routes").GetChildren()
            .Where(static route => route["OutputCachePolicy"] is not null && route["Match:Path"] is { } path && path.StartsWith('/') && !path.Contains('{', StringComparison.Ordinal))
            .Where(static route => route.GetSection("Match:Methods").GetChildren().ToList() is var methods && (methods.Count == 0 || methods.Any(static method => method.Value == "GET")))
            .Select(static route => route["Match:Path"]!),
    ];

    /// <returns>Whether it answered.</returns>
    private async Task<bool> LookAtAsync(HttpClient client, string address, string target, bool isCached)
    {
        try
        {
            var before = time.GetUtcNow();
            using var plain = await AskAsync(client, address + target, null);
            LookAtClock(address, plain, before);
            using var page = await AskAsync(client, address + target, options.Origin);
            var what = $"{address} answers GET {target} with";
            LookForCaches(what, page);
            LookAtCors(what, plain, page);
            if (isCached) LookAtCookies(what, plain);
            return true;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or UriFormatException)
        {
            findings.Add(new("backend", $"{address} does not answer GET {target}: {exception.Message.TrimEnd('.').ReplaceLineEndings(" ")}", "Start it, or correct its Address in ReverseProxy.Clusters, and Origin:Tls"));
            return false;
        }
    }

    private static async Task<HttpResponseMessage> AskAsync(HttpClient client, string url, string? page)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.TryAddWithoutValidation("Accept", "application/json, */*;q=0.1");
        request.Headers.TryAddWithoutValidation("User-Agent", "CacheProxy-doctor");
        if (page is not null) request.Headers.TryAddWithoutValidation("Origin", page);
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private void LookForCaches(string what, HttpResponseMessage response)
    {
        if (s_signsOfCaches.FirstOrDefault(sign => Value(response, sign) is not null) is { } sign)
            Add("double-caching", $"{what} {sign}: {Value(response, sign)}: it is a cache, or stands behind one that no purge of ours reaches, so what was purged comes back from it", "Point the cluster's Address at the backend itself, or take the other cache out");
    }

    private void LookAtCors(string what, HttpResponseMessage plain, HttpResponseMessage page)
    {
        const string Allowed = "Access-Control-Allow-Origin";
        if (Value(plain, Allowed) == Value(page, Allowed) || (VariesBy(page, "Origin", "*") && VariesBy(plain, "Origin", "*"))) return;
        Add("cors", $"{what} {Allowed} by who asks ({Value(page, Allowed) ?? "none"} for {options.Origin}), and does not always say Vary: Origin: a cache gives one page the permission of another", "Let the backend say Vary: Origin on every answer, or take CORS out of it and name a policy of Cors:Policies in the route");
    }

    private void LookAtCookies(string what, HttpResponseMessage response)
    {
        if (Value(response, "Set-Cookie") is { } cookie)
            Add("cookies", $"{what} Set-Cookie ({cookie.Split('=')[0]}): it is never stored", "Let the backend set no cookie there, or take it away with the route's transform { \"ResponseHeaderRemove\": \"Set-Cookie\" }");
        if (VariesBy(response, "Cookie"))
            Add("cookies", $"{what} Vary: Cookie: every visitor makes entries of their own, or none", "Let the backend answer without looking at cookies there; where it must, leave the route without OutputCachePolicy");
    }

    private void LookAtClock(string address, HttpResponseMessage response, DateTimeOffset before)
    {
        if (response.Headers.Date is not { } date) return;
        // What stood in a cache was made as long ago.
        date += response.Headers.Age ?? TimeSpan.Zero;
        var after = time.GetUtcNow();
        var skew = date < before ? before - date : date > after ? date - after : TimeSpan.Zero;
        if (skew > s_skew && findings.All(finding => finding.Check != "clock" || !finding.Problem.Contains(address, StringComparison.Ordinal))) findings.Add(Clock.Finding(address, date > after, skew));
    }

    private void Add(string check, string problem, string remedy) => findings.Add(new(check, problem, remedy));

    private static bool VariesBy(HttpResponseMessage response, params string[] names) =>
        Value(response, "Vary") is { } vary && vary.Split(',', StringSplitOptions.TrimEntries).Intersect(names, StringComparer.OrdinalIgnoreCase).Any();

    private static string? Value(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? string.Join(", ", values) : null;
}
