namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy explain [--method GET] TARGET</c>, or <c>--request TRACE</c>: what would happen to a request and why, or what happened.</summary>
public static class ExplainCommand
{
    private const string Usage = "Usage: CacheProxy explain [--method GET] TARGET, or CacheProxy explain --request TRACE-ID";

    /// <summary>Asks the running proxy.</summary>
    /// <returns>The exit code: 0 when it could say.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter error, TimeProvider time)
    {
        var query = arguments switch
        {
            ["--request", { Length: > 0 } trace] => $"request={Uri.EscapeDataString(trace)}",
            ["--method", { Length: > 0 } method, { Length: > 0 } target] => $"method={Uri.EscapeDataString(method)}&url={Uri.EscapeDataString(target)}",
            [{ Length: > 0 } target] when !target.StartsWith('-') => $"method=GET&url={Uri.EscapeDataString(target)}",
            _ => null,
        };
        if (query is not null) return await OperatorCommand.RunAsync(configuration, HttpMethod.Get, $"/explain?{query}", null, "cache:read", output, error, time);
        await error.WriteLineAsync(Usage);
        return 1;
    }
}
