using System.Globalization;

namespace Launcher;

/// <summary>What the command line asks for.</summary>
internal sealed record LaunchOptions
{
    /// <summary>How many proxies share the Redis; 1 to 9.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Port of the first proxy for clients; operators get the next one, each further replica the next two.</summary>
    public int ProxyPort { get; init; } = 7080;

    public int BackendPort { get; init; } = 8000;

    /// <summary>Port of the embedded server; unused when <see cref="RedisUrl"/> is set.</summary>
    public int RedisPort { get; init; } = 7079;

    /// <summary>A Redis that runs already (<c>REDIS_URL</c>); null starts the embedded one.</summary>
    public string? RedisUrl { get; init; }

    /// <summary>Whether the programs' output is shown as it comes, not only kept in files.</summary>
    public bool Verbose { get; init; }

    /// <summary>Whether the proxy and the backend are built when something has changed.</summary>
    public bool Build { get; init; } = true;

    public bool Help { get; init; }

    public const string Usage = """
        usage: ./run.sh [--replicas N] [--verbose] [--no-build] [--proxy-port P] [--backend-port P] [--redis-port P]

          --replicas N      proxies that share one Redis, 1 to 9 (default 1)
          --verbose         show what the programs print (it is kept in .run/logs either way)
          --no-build        start what was built before, changed or not
          --proxy-port P    first proxy's port for clients; operators get P+1, further replicas P+2, P+4 … (default 7080)
          --backend-port P  the models backend (default 8000)
          --redis-port P    the embedded Redis-compatible server (default 7079)

        REDIS_URL in the environment names a Redis to use instead of the embedded server.
        """;

    /// <exception cref="LaunchException">An option is unknown, or its value missing or out of range.</exception>
    public static LaunchOptions Parse(IReadOnlyList<string> args, string? redisUrl)
    {
        var options = new LaunchOptions { RedisUrl = string.IsNullOrWhiteSpace(redisUrl) ? null : redisUrl };
        for (var i = 0; i < args.Count; i++)
        {
            var (name, inlineValue) = args[i].Split('=', 2) is [var n, var v] ? (n, v) : (args[i], null);
            int Number(int min, int max)
            {
                var text = inlineValue ?? (++i < args.Count ? args[i] : null);
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max
                    ? value
                    : throw new LaunchException($"{name} needs a number from {min} to {max}, not '{text}'.");
            }

            options = name switch
            {
                "--replicas" => options with { Replicas = Number(1, 9) },
                // 20 ports above it may be used.
                "--proxy-port" => options with { ProxyPort = Number(1, 65_500) },
                "--backend-port" => options with { BackendPort = Number(1, 65_535) },
                "--redis-port" => options with { RedisPort = Number(1, 65_535) },
                "--verbose" => options with { Verbose = true },
                "--no-build" => options with { Build = false },
                "--help" or "-h" => options with { Help = true },
                _ => throw new LaunchException($"Unknown option '{args[i]}'.\n{Usage}"),
            };
        }

        return options;
    }

    public int ClientPort(int replica) => ProxyPort + (2 * replica);

    public int AdminPort(int replica) => ClientPort(replica) + 1;
}
