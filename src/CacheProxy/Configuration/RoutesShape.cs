using System.Collections.Immutable;

namespace CacheProxy.Configuration;

/// <summary>The shape of the routes file. YARP's half lists what YARP 2.3 reads: it ignores what it does not know, and so hides misspelled names.</summary>
internal static class RoutesShape
{
    private static readonly Shape s_metadata = new Shape.Map(Shape.Text);

    private static readonly Shape s_matcher = new Shape.List(Shape.Fields.Of(
        ("Name", Shape.Text), ("Values", Shape.Texts), ("Mode", Shape.Text), ("IsCaseSensitive", Shape.Flag)));

    private static readonly Shape s_route = Shape.Fields.Of(
        ("ClusterId", Shape.Text), ("Order", Shape.Number), ("MaxRequestBodySize", Shape.Number), ("AuthorizationPolicy", Shape.Text),
        ("CorsPolicy", Shape.Text), ("RateLimiterPolicy", Shape.Text), ("OutputCachePolicy", Shape.Text), ("TimeoutPolicy", Shape.Text), ("Timeout", Shape.Text),
        ("Match", Shape.Fields.Of(
            ("Path", Shape.Text), ("Methods", Shape.Texts), ("Hosts", Shape.Texts), ("Headers", s_matcher), ("QueryParameters", s_matcher))),
        ("Metadata", s_metadata), ("Transforms", new Shape.List(new Shape.Map(Shape.Text))));

    private static readonly Shape s_affinity = Shape.Fields.Of(
        ("Enabled", Shape.Flag), ("Policy", Shape.Text), ("FailurePolicy", Shape.Text), ("AffinityKeyName", Shape.Text),
        ("Cookie", Shape.Fields.Of(
            ("Path", Shape.Text), ("Domain", Shape.Text), ("HttpOnly", Shape.Flag), ("SecurePolicy", Shape.Text), ("SameSite", Shape.Text),
            ("Expiration", Shape.Text), ("MaxAge", Shape.Text), ("IsEssential", Shape.Flag))));

    private static readonly Shape s_health = Shape.Fields.Of(
        ("AvailableDestinationsPolicy", Shape.Text),
        ("Passive", Shape.Fields.Of(("Enabled", Shape.Flag), ("Policy", Shape.Text), ("ReactivationPeriod", Shape.Text))),
        ("Active", Shape.Fields.Of(
            ("Enabled", Shape.Flag), ("Interval", Shape.Text), ("Timeout", Shape.Text), ("Policy", Shape.Text), ("Path", Shape.Text), ("Query", Shape.Text))));

    private static readonly Shape s_client = Shape.Fields.Of(
        ("SslProtocols", Shape.Texts), ("DangerousAcceptAnyServerCertificate", Shape.Flag), ("MaxConnectionsPerServer", Shape.Number),
        ("EnableMultipleHttp2Connections", Shape.Flag), ("RequestHeaderEncoding", Shape.Text), ("ResponseHeaderEncoding", Shape.Text),
        ("WebProxy", Shape.Fields.Of(("Address", Shape.Text), ("BypassOnLocal", Shape.Flag), ("UseDefaultCredentials", Shape.Flag))));

    private static readonly Shape s_cluster = Shape.Fields.Of(
        ("LoadBalancingPolicy", Shape.Text), ("SessionAffinity", s_affinity), ("HealthCheck", s_health), ("HttpClient", s_client),
        ("HttpRequest", Shape.Fields.Of(
            ("ActivityTimeout", Shape.Text), ("Version", Shape.Text), ("VersionPolicy", Shape.Text), ("AllowResponseBuffering", Shape.Flag))),
        ("Destinations", new Shape.Map(Shape.Fields.Of(
            ("Address", Shape.Text), ("Health", Shape.Text), ("Host", Shape.Text), ("Metadata", s_metadata)))),
        ("Metadata", s_metadata));

    /// <summary>YARP's section.</summary>
    public static Shape ReverseProxy { get; } = Shape.Fields.Of(("Routes", new Shape.Map(s_route)), ("Clusters", new Shape.Map(s_cluster)));

    /// <summary>The policies.</summary>
    public static Shape CachePolicies { get; } = new Shape.Map(Shape.Of(Engine.Policies.PolicyOptions.All));

    /// <summary>The events.</summary>
    public static Shape Invalidation { get; } = Shape.Fields.Of(("Events", new Shape.Map(Shape.Of(Engine.Policies.PolicyOptions.Invalidation))));

    /// <summary>The policies of CORS, in the names of ASP.NET's.</summary>
    public static Shape Cors { get; } = Shape.Fields.Of(("Policies", new Shape.Map(Shape.Fields.Of(
        ("Origins", Shape.Texts), ("Headers", Shape.Texts), ("Methods", Shape.Texts), ("ExposedHeaders", Shape.Texts),
        ("SupportsCredentials", Shape.Flag), ("PreflightMaxAge", Shape.Duration)))));

    /// <summary>The limits of rates, in the names of .NET's.</summary>
    public static Shape RateLimiter { get; } = Shape.Fields.Of(("Policies", new Shape.Map(Shape.Fields.Of(
        ("PartitionBy", Shape.Text),
        ("FixedWindow", Limiter(("PermitLimit", Shape.Number), ("Window", Shape.Duration))),
        ("SlidingWindow", Limiter(("PermitLimit", Shape.Number), ("Window", Shape.Duration), ("SegmentsPerWindow", Shape.Number))),
        ("TokenBucket", Limiter(("TokenLimit", Shape.Number), ("TokensPerPeriod", Shape.Number), ("ReplenishmentPeriod", Shape.Duration))),
        ("Concurrency", Limiter(("PermitLimit", Shape.Number)))))));

    /// <summary>The sections of the file: their effective values are what a reload takes as a whole.</summary>
    public static ImmutableArray<(string Name, Shape Shape)> Sections { get; } =
        [("ReverseProxy", ReverseProxy), ("CachePolicies", CachePolicies), ("Invalidation", Invalidation), ("Cors", Cors), ("RateLimiter", RateLimiter)];

    /// <summary>The whole file.</summary>
    public static Shape.Fields File { get; } = Shape.Fields.Of([("$schema", Shape.Text), .. Sections]);

    private static Shape.Fields Limiter(params ReadOnlySpan<(string, Shape)> own) =>
        Shape.Fields.Of([.. own, ("QueueLimit", Shape.Number), ("QueueProcessingOrder", Shape.Text)]);
}
