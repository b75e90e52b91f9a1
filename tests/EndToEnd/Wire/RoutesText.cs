namespace EndToEnd.Wire;

/// <summary>
/// A routes file with one policy for each kind of treatment, by the first segment of the path. <c>/plain</c> has no policy; everything under
/// <c>/slow</c> has a time-out of one second to the head and between bytes.
/// </summary>
internal static class RoutesText
{
    public static string For(Uri origin, string morePolicies = "", string moreRoutes = "", string moreSections = "") => $$"""
        {
          "ReverseProxy": {
            "Routes": {
              "ttl": { "ClusterId": "origin", "OutputCachePolicy": "ttl", "Match": { "Path": "/ttl/{**rest}" } },
              "origin": { "ClusterId": "origin", "OutputCachePolicy": "origin", "Match": { "Path": "/origin/{**rest}" } },
              "stale": { "ClusterId": "slow", "Timeout": "00:00:01", "OutputCachePolicy": "stale", "Match": { "Path": "/stale/{**rest}" } },
              "slow": { "ClusterId": "slow", "Timeout": "00:00:01", "OutputCachePolicy": "ttl", "Match": { "Path": "/slow/{**rest}" } },
              "swr": { "ClusterId": "origin", "OutputCachePolicy": "swr", "Match": { "Path": "/swr/{**rest}" } },
              "small": { "ClusterId": "origin", "OutputCachePolicy": "small", "Match": { "Path": "/small/{**rest}" } },
              "item": { "ClusterId": "origin", "OutputCachePolicy": "item", "Match": { "Path": "/item/{id}" } },
              "named": { "ClusterId": "origin", "OutputCachePolicy": "named", "Match": { "Path": "/named/{**rest}" } },
              "json": { "ClusterId": "origin", "OutputCachePolicy": "json", "Match": { "Path": "/json/{**rest}", "Methods": [ "POST" ] } },
              "body": { "ClusterId": "origin", "OutputCachePolicy": "body", "Match": { "Path": "/body/{**rest}" } },
              "plain": { "ClusterId": "origin", "Order": 1000, "Match": { "Path": "/{**rest}" } }{{moreRoutes}}
            },
            "Clusters": {
              "origin": { "Destinations": { "a": { "Address": "{{origin}}" } } },
              "slow": { "HttpRequest": { "ActivityTimeout": "00:00:01" }, "Destinations": { "a": { "Address": "{{origin}}" } } }
            }
          },
          "CachePolicies": {
            "ttl": { "Ttl": "60s" },
            "origin": { "Ttl": "Origin" },
            "stale": { "Ttl": "300ms", "StaleIfError": "60s" },
            "swr": { "Ttl": "300ms", "StaleWhileRevalidate": "60s" },
            "small": { "Ttl": "60s", "MaxEntrySize": "64KiB" },
            "item": { "Ttl": "60s", "Key": "item:{id}" },
            "named": { "Ttl": "60s", "Key": "named:{path}[:{query.id}]" },
            "json": { "Ttl": "60s", "Methods": [ "POST" ], "Key": "json:{path}[:{body.id}]" },
            "body": { "Ttl": "60s", "Methods": [ "GET", "POST" ] }{{morePolicies}}
          }{{moreSections}}
        }
        """;

    /// <summary>Written to a file of its own.</summary>
    public static string Write(string text)
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-routes-").FullName, "routes.json");
        File.WriteAllText(path, text);
        return path;
    }
}
