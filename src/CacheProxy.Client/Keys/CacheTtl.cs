namespace CacheProxy.Client.Keys;

/// <summary>How long cached responses live: the guide's <c>CacheTTL</c>, whose names a policy's <c>Ttl</c> takes too.</summary>
public static class CacheTtl
{
    /// <summary>5 minutes: frequently changing data.</summary>
    public static TimeSpan VeryShort => TimeSpan.FromSeconds(300);

    /// <summary>15 minutes.</summary>
    public static TimeSpan Short => TimeSpan.FromSeconds(900);

    /// <summary>30 minutes: moderately stable data.</summary>
    public static TimeSpan Medium => TimeSpan.FromSeconds(1_800);

    /// <summary>1 hour: stable data.</summary>
    public static TimeSpan Long => TimeSpan.FromSeconds(3_600);

    /// <summary>2 hours.</summary>
    public static TimeSpan VeryLong => TimeSpan.FromSeconds(7_200);

    /// <summary>24 hours: nearly static data.</summary>
    public static TimeSpan Day => TimeSpan.FromSeconds(86_400);

    /// <summary>7 days.</summary>
    public static TimeSpan Week => TimeSpan.FromSeconds(604_800);
}
