using System.Globalization;
using System.Net.Sockets;
using Bench.Measuring;
using Launcher;
using Processes;

namespace Bench.Servers;

/// <summary>A server that the proxy is compared with, pinned like it, ready when it takes connections.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    // As CacheProxy has it on one core: what is compared is what it does, not how .NET is set up.
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private readonly ChildProcess _child;

    private RunningServer(ChildProcess child, int port)
    {
        _child = child;
        Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
    }

    public int Id => _child.Id;

    public Uri Url { get; }

    public ValueTask DisposeAsync() => _child.DisposeAsync();

    /// <summary>Kestrel that writes the same bytes; also the origin behind the others.</summary>
    /// <param name="pinning">Where it runs.</param>
    /// <param name="bodySize">Bytes.</param>
    /// <param name="redis">It reads the bytes there for each request; null: it has them.</param>
    public static Task<RunningServer> BareAsync(IReadOnlyList<string> pinning, int bodySize = 2048, string? redis = null)
    {
        var port = Ports.Free();
        return StartAsync("bare", port, [.. pinning, .. Build.Command(Output("Bare"))], new Dictionary<string, string?>
        {
            ["PORT"] = Text(port),
            ["SIZE"] = Text(bodySize),
            ["REDIS"] = redis,
            [Inline] = "1",
        });
    }

    /// <summary>YARP, and nothing else.</summary>
    /// <param name="origin">Where it forwards.</param>
    /// <param name="withStockCache">The stock output cache stands before it.</param>
    public static Task<RunningServer> PlainYarpAsync(Uri origin, bool withStockCache = false)
    {
        var port = Ports.Free();
        return StartAsync("YARP", port, [.. Pinning.Server, .. Build.Command(Output("PlainYarp"))], new Dictionary<string, string?>
        {
            ["PORT"] = Text(port),
            ["ORIGIN"] = origin.ToString(),
            ["STOCK"] = withStockCache ? "1" : null,
            [Inline] = "1",
        });
    }

    public static Task<RunningServer> NginxAsync(Uri origin)
    {
        var (port, folder) = (Ports.Free(), NewFolder());
        // As an operator sets it up who cares for speed: one worker, open files kept, sendfile, no access log.
        File.WriteAllText(Path.Combine(folder, "nginx.conf"), $$"""
            worker_processes 1; daemon off; pid {{folder}}/pid; error_log {{folder}}/error.log;
            events { worker_connections 1024; }
            http {
              access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; open_file_cache max=1000;
              proxy_cache_path {{folder}}/cache levels=1:2 keys_zone=cache:10m;
              client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy; fastcgi_temp_path {{folder}}/fastcgi;
              uwsgi_temp_path {{folder}}/uwsgi; scgi_temp_path {{folder}}/scgi;
              server {
                listen 127.0.0.1:{{port}};
                location / { proxy_cache cache; proxy_cache_valid 200 1h; proxy_pass {{origin.GetLeftPart(UriPartial.Authority)}}; }
              }
            }
            """);
        return StartAsync("nginx", port, [.. Pinning.Server, "nginx", "-e", $"{folder}/start.log", "-c", $"{folder}/nginx.conf"], []);
    }

    public static Task<RunningServer> VarnishAsync(Uri origin)
    {
        var (port, folder) = (Ports.Free(), NewFolder());
        File.WriteAllText(Path.Combine(folder, "default.vcl"),
            $"vcl 4.1;\nbackend default {{ .host = \"127.0.0.1\"; .port = \"{origin.Port}\"; }}\n");
        return StartAsync("Varnish", port,
            [.. Pinning.Server, "varnishd", "-F", "-a", $"127.0.0.1:{port}", "-f", $"{folder}/default.vcl", "-n", $"{folder}/work", "-s", "malloc,64m", "-p", "thread_pools=1"], []);
    }

    private static async Task<RunningServer> StartAsync(string name, int port, IReadOnlyList<string> command, Dictionary<string, string?> environment)
    {
        var child = ChildProcess.Start(name, command, environment, Path.GetTempFileName(), Path.GetTempPath());
        await Poll.UntilAsync(() => ListensAsync(port), Limit, () => $"{name} did not start: {string.Join('\n', child.LastLines)}");
        return new RunningServer(child, port);
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("cacheproxy-bench-").FullName;
        // nginx' and Varnish's workers run as users of their own.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        return folder;
    }

    private static string Output(string project) => Path.Combine(Build.Root, "bench", project, "bin/Release/net10.0", project + ".dll");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
