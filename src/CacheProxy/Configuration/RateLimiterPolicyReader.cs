using System.Collections.Frozen;
using System.Threading.RateLimiting;
using CacheProxy.Hosting.RateLimits;

namespace CacheProxy.Configuration;

/// <summary>Reads <c>RateLimiter:Policies</c>: each one of .NET's limiters, with the names of its options.</summary>
internal static class RateLimiterPolicyReader
{
    private const int MostPermits = 1_000_000_000;
    private const int LongestQueue = 10_000;
    private const int MostSegments = 100;

    // Limiters are replenished ten times a second.
    private static readonly TimeSpan s_shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1);

    private static readonly (string Kind, Func<string, SettingsReader, Func<RateLimiter>> Read)[] s_kinds =
        [("FixedWindow", FixedWindow), ("SlidingWindow", SlidingWindow), ("TokenBucket", TokenBucket), ("Concurrency", Concurrency)];

    public static FrozenDictionary<string, StampedPolicy<RateLimiterPolicy>> Read(IConfiguration configuration, ConfigurationErrors errors) =>
        configuration.GetSection("RateLimiter:Policies").GetChildren()
            .Select(section => (section.Key, Policy: Policy(section, new SettingsReader(configuration, errors))))
            .Where(static policy => policy.Policy is not null)
            .ToFrozenDictionary(static policy => policy.Key, static policy => policy.Policy!, StringComparer.OrdinalIgnoreCase);

    private static StampedPolicy<RateLimiterPolicy>? Policy(IConfigurationSection section, SettingsReader read)
    {
        RouteRules.CheckName(section, read);
        var partitionBy = read.Choice($"{section.Path}:PartitionBy", PartitionBy.ClientAddress);
        var written = s_kinds.Where(kind => section.GetSection(kind.Kind).Exists()).ToList();
        if (written is [var only]) return new(new RateLimiterPolicy(only.Read($"{section.Path}:{only.Kind}", read), partitionBy), SectionHash.Of(section));
        read.Report(section.Path, null, written.Count == 0
            ? $"limits nothing: write one of {string.Join(", ", s_kinds.Select(static kind => kind.Kind))}"
            : $"has {string.Join(" and ", written.Select(static kind => kind.Kind))}: write one of them");
        return null;
    }

    private static Func<RateLimiter> FixedWindow(string path, SettingsReader read)
    {
        var options = new FixedWindowRateLimiterOptions
        {
            PermitLimit = Required(path, "PermitLimit", read),
            Window = Time(path, "Window", read),
            QueueLimit = Queue(path, read),
            QueueProcessingOrder = Order(path, read),
            AutoReplenishment = false,
        };
        return () => new FixedWindowRateLimiter(options);
    }

    private static Func<RateLimiter> SlidingWindow(string path, SettingsReader read)
    {
        var options = new SlidingWindowRateLimiterOptions
        {
            PermitLimit = Required(path, "PermitLimit", read),
            Window = Time(path, "Window", read),
            SegmentsPerWindow = Required(path, "SegmentsPerWindow", read, MostSegments),
            QueueLimit = Queue(path, read),
            QueueProcessingOrder = Order(path, read),
            AutoReplenishment = false,
        };
        if (options.Window / options.SegmentsPerWindow < s_shortest)
            read.Report($"{path}:SegmentsPerWindow", null, "makes segments shorter than 100ms: write fewer, or a longer Window");
        return () => new SlidingWindowRateLimiter(options);
    }

    private static Func<RateLimiter> TokenBucket(string path, SettingsReader read)
    {
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = Required(path, "TokenLimit", read),
            TokensPerPeriod = Required(path, "TokensPerPeriod", read),
            ReplenishmentPeriod = Time(path, "ReplenishmentPeriod", read),
            QueueLimit = Queue(path, read),
            QueueProcessingOrder = Order(path, read),
            AutoReplenishment = false,
        };
        return () => new TokenBucketRateLimiter(options);
    }

    private static Func<RateLimiter> Concurrency(string path, SettingsReader read)
    {
        var options = new ConcurrencyLimiterOptions
        {
            PermitLimit = Required(path, "PermitLimit", read),
            QueueLimit = Queue(path, read),
            QueueProcessingOrder = Order(path, read),
        };
        return () => new ConcurrencyLimiter(options);
    }

    private static int Required(string path, string name, SettingsReader read, int most = MostPermits)
    {
        if (read.Text($"{path}:{name}") is null) read.Report($"{path}:{name}", null, "is missing: write a whole number above 0");
        return read.Number($"{path}:{name}", 1, 1, most);
    }

    private static TimeSpan Time(string path, string name, SettingsReader read)
    {
        if (read.Text($"{path}:{name}") is null) read.Report($"{path}:{name}", null, "is missing: write a duration, such as 1m");
        return read.Duration($"{path}:{name}", s_longest, s_shortest, s_longest);
    }

    private static int Queue(string path, SettingsReader read) => read.Number($"{path}:QueueLimit", 0, 0, LongestQueue);

    private static QueueProcessingOrder Order(string path, SettingsReader read) => read.Choice($"{path}:QueueProcessingOrder", QueueProcessingOrder.OldestFirst);
}
