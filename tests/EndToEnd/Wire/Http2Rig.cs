using System.Globalization;
using System.Net;
using Processes;

namespace EndToEnd.Wire;

/// <summary>A proxy that also speaks HTTP/2 without TLS, with a client for it.</summary>
public class Http2Rig : ProxyRig
{
    private readonly int _port = BackendProcess.FreePort();

    public Uri Http2Url => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}"));

    protected override IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?> { ["Http2Url"] = Http2Url.ToString() };

    private HttpClient Client { get; } = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });

    /// <summary>A request over HTTP/2, all on one connection.</summary>
    public async Task<WireReply> AskHttp2Async(HttpMethod method, string target, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(method, new Uri(Http2Url, target)) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var (name, value) in fields) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Client.SendAsync(request);
        var lines = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated).SelectMany(static field => field.Value, static (field, value) => $"{field.Key}: {value}");
        var head = string.Join("\r\n", lines.Prepend(string.Create(CultureInfo.InvariantCulture, $"HTTP/2 {(int)response.StatusCode} {response.ReasonPhrase}")));
        return new WireReply(head, await response.Content.ReadAsByteArrayAsync(), true);
    }

    public override async Task DisposeAsync()
    {
        Client.Dispose();
        await base.DisposeAsync();
    }
}
