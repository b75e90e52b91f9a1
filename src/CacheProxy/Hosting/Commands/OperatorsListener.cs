using CacheProxy.Hosting.Listeners;

namespace CacheProxy.Hosting.Commands;

/// <summary>The running proxy's operators' listener, as commands on the same machine reach it.</summary>
internal static class OperatorsListener
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(30);

    /// <summary>Sends a request and writes what comes: the body of a success to <paramref name="output"/>, of anything else to <paramref name="error"/>.</summary>
    /// <param name="configuration">With <c>Admin:Url</c>.</param>
    /// <param name="request">With a relative target.</param>
    /// <param name="output">Gets the answer.</param>
    /// <param name="error">Gets what is wrong.</param>
    /// <param name="timeout">30 s by default.</param>
    /// <returns>The exit code: 0 for a success.</returns>
    public static async Task<int> AskAsync(IConfiguration configuration, HttpRequestMessage request, TextWriter output, TextWriter error, TimeSpan? timeout = null)
    {
        var root = RootOf(ListenerOptions.Read(configuration, []).AdminUrl);
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = root, Timeout = timeout ?? s_timeout };
            using var response = await client.SendAsync(request);
            var text = (await response.Content.ReadAsStringAsync()).TrimEnd();
            await (response.IsSuccessStatusCode ? output : error).WriteLineAsync(text);
            return response.IsSuccessStatusCode ? 0 : 1;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            await error.WriteLineAsync($"No answer from {new Uri(root, request.RequestUri!)}: {exception.Message} Is the proxy running, and is Admin:Url the same for both?");
            return 1;
        }
    }

    /// <summary>A listener on every address is asked on this machine's own.</summary>
    private static Uri RootOf(string adminUrl)
    {
        var address = BindingAddress.Parse(adminUrl);
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "127.0.0.1" : address.Host;
        return new($"{address.Scheme}://{host}:{address.Port}");
    }
}
