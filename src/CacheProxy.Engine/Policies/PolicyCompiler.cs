using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace CacheProxy.Engine.Policies;

/// <summary>From policies as they are written to compiled ones. Reports everything that is wrong, not the first thing.</summary>
public static class PolicyCompiler
{
    internal const long DefaultMaxEntrySize = 8 << 20;

    private static readonly ImmutableArray<string> s_removedHeaders =
        ["X-Request-ID", "Server-Timing", "traceresponse", "RateLimit*", "X-RateLimit-*", "X-Runtime"];

    private static readonly ImmutableArray<string> s_methods = ["GET", "HEAD", "POST", "QUERY"];

    // What a fill never sends, or makes itself, cannot vary a response.
    private static readonly FrozenSet<string> s_notVarying = new[]
    {
        "Host", "Connection", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Range", "If-Match", "If-None-Match",
        "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Expect", "TE", "Upgrade", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Compiles policies.</summary>
    /// <param name="configs">As written.</param>
    /// <param name="errors">Takes what is wrong; the result is of use only if nothing was added.</param>
    /// <param name="credentials">Which request headers say who asks; <see langword="null"/> for the default.</param>
    public static FrozenDictionary<string, CachePolicy> Compile(IEnumerable<CachePolicyConfig> configs, ICollection<ConfigurationError> errors, CredentialOptions? credentials = null)
    {
        var policies = new Dictionary<string, CachePolicy>(StringComparer.OrdinalIgnoreCase);
        var paths = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var config in configs)
        {
            if (config.Name.Length == 0 || config.Name == "none" || config.Name.Any(c => char.IsControl(c) || c == '"'))
                errors.Add(new(config.Path, config.Name, "is no name for a policy: write letters, digits and dashes; 'none' stands for no policy in metrics"));
            paths[config.Name] = config.Path;
            if (!policies.TryAdd(config.Name, Compile(config, errors, credentials ?? new()))) errors.Add(new(config.Path, config.Name, "is the name of two policies: rename one"));
        }
        ReportCollisions([.. policies.Values], paths, errors);
        return policies.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The header fields of one request that no policy stores unless it says otherwise.</summary>
    internal static FrozenSet<string> RemovedHeaders { get; } = Exact(s_removedHeaders);

    /// <summary>Those of them of which only the beginning counts.</summary>
    internal static ImmutableArray<string> RemovedHeaderPrefixes { get; } = Prefixes(s_removedHeaders);

    /// <summary>Whether a fill sends what a client said in the field, so that a response could vary by it.</summary>
    internal static bool CanVary(string name) => !s_notVarying.Contains(name);

    private static FrozenSet<string> Exact(ImmutableArray<string> names) => names.Where(name => !name.EndsWith('*')).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static ImmutableArray<string> Prefixes(ImmutableArray<string> names) => [.. names.Where(name => name.EndsWith('*')).Select(name => name[..^1])];

    private static CachePolicy Compile(CachePolicyConfig config, ICollection<ConfigurationError> errors, CredentialOptions credentials)
    {
        var read = new OptionReader(config.Path, errors);
        var ttl = Ttl(config, read);
        var methods = Methods(config, read);
        var key = read.Template("Key", config.Key, TemplateUse.Key);
        var varyByHeader = VaryByHeader(config, key, credentials, read);
        var rules = PolicyRulesCompiler.Compile(config, key, methods, ttl is null, varyByHeader, credentials, read);
        var removed = config.RemoveHeaders ?? s_removedHeaders;
        var policy = new CachePolicy(rules)
        {
            Name = config.Name,
            Mode = read.Choice("Mode", config.Mode, PolicyMode.On),
            Methods = methods,
            Ttl = ttl,
            Jitter = read.Share("Jitter", config.Jitter),
            StatusCodes = StatusCodes(config, ttl, read),
            StaleWhileRevalidate = read.Duration("StaleWhileRevalidate", config.StaleWhileRevalidate),
            StaleIfError = read.Duration("StaleIfError", config.StaleIfError),
            RefreshAhead = read.Share("RefreshAhead", config.RefreshAhead),
            Verify = read.Share("Verify", config.Verify),
            Warmup = Warmup(config, key, methods, read),
            RequestDirectives = read.Choice("RequestDirectives", config.RequestDirectives, ttl is null ? RequestDirectives.Honor : RequestDirectives.Ignore),
            MaxEntrySize = read.Size("MaxEntrySize", config.MaxEntrySize, DefaultMaxEntrySize),
            OnLostLease = config.OnLostLease is null ? null : read.Choice("OnLostLease", config.OnLostLease, OnLostLease.Origin),
            VaryByHeader = varyByHeader,
            VaryByCredential = read.Flag("VaryByCredential", config.VaryByCredential),
            Shared = read.Flag("Shared", config.Shared),
            AccessCheck = rules.AccessPath is null ? null : new() { Path = rules.AccessPath.Text, Ttl = read.Duration("AccessCheck.Ttl", config.AccessCheckTtl, required: true) },
            InvalidateOnSuccess = config.InvalidateOnSuccess is { } invalidation
                ? InvalidationCompiler.Compile(invalidation, $"{config.Path}.InvalidateOnSuccess", isEvent: false, errors)
                : null,
            RemovedHeaders = Exact(removed),
            RemovedHeaderPrefixes = Prefixes(removed),
            Fingerprint = PolicyFingerprint.OfEntries(config, credentials),
            ContentHash = PolicyFingerprint.OfText(config, credentials),
        };
        CheckAccess(config, policy, read);
        return policy;
    }

    private static TimeSpan? Ttl(CachePolicyConfig config, OptionReader read)
    {
        if (config.Ttl is null)
        {
            read.Report("Ttl", null, "is missing: write Origin to follow the origin's headers, or a duration such as Long or 30m");
            return TimeSpan.Zero;
        }
        if (config.Ttl.Equals("Origin", StringComparison.OrdinalIgnoreCase)) return null;
        if (!Durations.TryParse(config.Ttl, out var ttl, out var problem))
            read.Report("Ttl", config.Ttl, $"{problem}; or Origin, or one of VeryShort, Short, Medium, Long, VeryLong, Day, Week");
        else if (ttl <= TimeSpan.Zero) read.Report("Ttl", config.Ttl, "is no time at all: write a duration above 0, or Mode Off to cache nothing");
        return ttl;
    }

    private static ImmutableArray<string> Methods(CachePolicyConfig config, OptionReader read)
    {
        if (config.Methods is not { } methods) return ["GET", "HEAD"];
        if (methods.IsEmpty) read.Report("Methods", null, "is empty: leave it out for GET and HEAD");
        for (var i = 0; i < methods.Length; i++)
            if (!s_methods.Contains(methods[i])) read.Report($"Methods[{i}]", methods[i], "is no method whose responses are cached: write GET, HEAD, POST or QUERY, in upper case");
        return [.. methods.Distinct()];
    }

    private static ImmutableArray<string> Warmup(CachePolicyConfig config, Template? key, ImmutableArray<string> methods, OptionReader read)
    {
        if (!config.Warmup.IsEmpty && !methods.Contains("GET")) read.Report("Warmup", null, "needs GET among the Methods: other requests have bodies, which a target cannot say");
        for (var i = 0; i < config.Warmup.Length; i++)
        {
            var target = config.Warmup[i];
            var isUrl = Uri.TryCreate(target, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";
            if (!isUrl && !target.StartsWith('/')) read.Report($"Warmup[{i}]", target, "is no target: write a path, such as /api/v1/models/available, or a URL");
            else if (!isUrl && key is null) read.Report($"Warmup[{i}]", target, "has no host, which is part of the key of a policy without Key: write the URL that clients ask for");
        }
        return config.Warmup;
    }

    private static FrozenDictionary<int, TimeSpan> StatusCodes(CachePolicyConfig config, TimeSpan? ttl, OptionReader read)
    {
        var statuses = new Dictionary<int, TimeSpan>();
        if (ttl is { } lifetime) statuses[200] = lifetime;
        else if (config.StatusCodes is not null) read.Report("StatusCodes", null, "has no meaning with Ttl Origin, where the origin's headers decide: leave it out");
        foreach (var (code, text) in config.StatusCodes ?? FrozenDictionary<string, string>.Empty)
        {
            if (!int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var status) || status is < 200 or > 599 or 206 or 304)
                read.Report("StatusCodes", code, "is no status that can be stored: write one from 200 to 599, but not 206 or 304");
            statuses[status] = read.Duration($"StatusCodes.{code}", text, required: true);
        }
        return statuses.ToFrozenDictionary();
    }

    private static ImmutableArray<string> VaryByHeader(CachePolicyConfig config, Template? key, CredentialOptions credentials, OptionReader read)
    {
        for (var i = 0; i < config.VaryByHeader.Length; i++) Check($"VaryByHeader[{i}]", config.VaryByHeader[i]);
        var keyed = key is null ? [] : key.Placeholders.Where(part => part.Name!.Source == TemplateSource.Header).Select(part => part.Name!.Name).ToList();
        foreach (var name in keyed) Check("Key", name);
        return [.. config.VaryByHeader.Concat(keyed).Distinct(StringComparer.OrdinalIgnoreCase)];

        void Check(string option, string name)
        {
            if (credentials.Contains(name)) read.Report(option, name, "is a credential, which must not stand in keys: use VaryByCredential");
            else if (!CanVary(name)) read.Report(option, name, "is never sent with a fill, so that no response varies by it: leave it out");
        }
    }

    private static void CheckAccess(CachePolicyConfig config, CachePolicy policy, OptionReader read)
    {
        var said = new[] { policy.VaryByCredential, policy.Shared, config.AccessCheckPath is not null }.Count(yes => yes);
        if (said > 1) read.Report("AccessCheck", null, "stands beside another of VaryByCredential, AccessCheck and Shared: say one of them");
        if (config.AccessCheckPath is { } path && !path.StartsWith('/')) read.Report("AccessCheck.Path", path, "is no path: begin it with a slash");
        if (config.AccessCheckPath is null && config.AccessCheckTtl is not null) read.Report("AccessCheck.Path", null, "is missing: write the path that answers whether a caller may see the response");
    }

    /// <summary>Two policies that give one primary key would answer for each other and be purged together.</summary>
    private static void ReportCollisions(IReadOnlyList<CachePolicy> policies, Dictionary<string, string> paths, ICollection<ConfigurationError> errors)
    {
        for (var i = 0; i < policies.Count; i++)
            for (var j = i + 1; j < policies.Count; j++)
            {
                if (policies[i].Rules.Key is not { } first || policies[j].Rules.Key is not { } second || !TemplateOverlap.CanCollide(first, second)) continue;
                errors.Add(new($"{paths[policies[j].Name]}.Key", second.Text,
                    $"can give the same key as {paths[policies[i].Name]}.Key, \"{first.Text}\": begin one of them with another word"));
            }
    }
}
