using CacheProxy.Hosting.Health;
using CacheProxy.Hosting.Listeners;

namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy health</c>: asks the running proxy whether it is ready. For health checks of containers, which have no curl.</summary>
public static class HealthCommand
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(3);

    /// <summary>Asks at the operators' address of the settings.</summary>
    /// <returns>The exit code: 0 when it is ready.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, TextWriter output, TextWriter error)
    {
        List<string> errors = [];
        var url = Target(ListenerOptions.Read(configuration, errors).AdminUrl);
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = s_timeout };
            using var response = await client.GetAsync(url);
            var text = (await response.Content.ReadAsStringAsync()).TrimEnd();
            await (response.IsSuccessStatusCode ? output : error).WriteLineAsync(text);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            await error.WriteLineAsync($"No answer from {url}: {exception.Message} Is the proxy running, and is Admin:Url the same for both?");
            return 1;
        }
    }

    /// <summary>A listener on every address is asked on this machine's own.</summary>
    private static Uri Target(string adminUrl)
    {
        var address = BindingAddress.Parse(adminUrl);
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "127.0.0.1" : address.Host;
        return new($"{address.Scheme}://{host}:{address.Port}{HealthPages.ReadyPath}");
    }
}
