using System.Net.Http.Headers;
using CacheProxy.Management;

namespace CacheProxy.Hosting.Commands;

/// <summary>A command that asks the running proxy as an operator: with the token of <c>CACHEPROXY_TOKEN</c>, or one for a minute that the settings' key signs.</summary>
internal static class OperatorCommand
{
    private const string TokenVariable = "CACHEPROXY_TOKEN";
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(1);

    /// <param name="configuration">The settings of the proxy.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">Below <c>Management:Prefix</c>.</param>
    /// <param name="content">The body, or none.</param>
    /// <param name="scope">What the token must permit.</param>
    /// <param name="output">Gets the answer.</param>
    /// <param name="error">Gets what is wrong.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        IConfiguration configuration, HttpMethod method, string path, HttpContent? content, string scope, TextWriter output, TextWriter error, TimeProvider time)
    {
        List<string> errors = [];
        var token = configuration[TokenVariable] is { Length: > 0 } given ? given : OperatorToken.Sign(configuration, scope, s_lifetime, Environment.UserName, time, errors);
        var prefix = ManagementOptions.Read(configuration, errors).Prefix;
        foreach (var text in errors) await error.WriteLineAsync(text);
        if (token is null)
        {
            await error.WriteLineAsync($"Or give a token in {TokenVariable}.");
            return 1;
        }
        using var request = new HttpRequestMessage(method, prefix + path) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await OperatorsListener.AskAsync(configuration, request, output, error);
    }
}
