using System.Text;
using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace Fuzz.Targets;

/// <summary>The routes file: whatever is in it, it is taken, or refused with errors.</summary>
internal static class RoutesTarget
{
    public static FuzzTarget Target { get; } = FuzzTarget.OfBytes(
        "routes", Run,
        """{"ReverseProxy":{"Routes":{"a":{"ClusterId":"c","OutputCachePolicy":"p","Match":{"Path":"/{id}"}}},"Clusters":{"c":{"Destinations":{"d":{"Address":"http://h"}}}}},"CachePolicies":{"p":{"Ttl":"60s","Key":"p:{id|uuid}[:{query.x}]","Tags":["t:{id}"]}}}""",
        """{"CachePolicies":{"p":{"Ttl":60.5,"Methods":["POST"],"Key":"{body.a|sort|md5}","MaxEntrySize":"8MiB","StatusCodes":{"404":"10s"}}},/* c */"Invalidation":{"Events":{"e":{"Tags":["t:{id}"],"Keys":["p:{id}"],"Patterns":["p:*"]}}},}""",
        """{"CachePolicies":{"o":{"Ttl":"Origin","StaleIfError":"1m","Bypass":{"query.use_cache":"false"},"AccessCheck":{"Path":"/a/{id}","Ttl":"30s"}}}}""",
        """{"CachePolicies":{"p":{"Ttl":"\ud83d\ude00"},"q":{"Ttl":1e5,"MaxEntrySize":1e3}}}""",
        """{"ReverseProxy":{"Routes":{"a":{"Match":{"Path":"/x","Methods":["GET"],"Headers":[{"Name":"h","Values":["v"]}]},"Timeout":"00:00:01","Order":1}}}}""",
        """{"Cors":{"Policies":{"p":{"Origins":["https://*.a.example"],"Headers":["*"],"SupportsCredentials":true,"PreflightMaxAge":600}}},"RateLimiter":{"Policies":{"l":{"SlidingWindow":{"PermitLimit":5,"Window":"1m","SegmentsPerWindow":6},"PartitionBy":"None"}}}}""");

    private static void Run(byte[] input)
    {
        var errors = new ConfigurationErrors();
        var values = RoutesFile.Parse(Encoding.UTF8.GetString(input), errors);
        RoutesValidator.Validate(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), errors);
        _ = ConfigurationException.Render("routes.json", [.. errors]);
    }
}
