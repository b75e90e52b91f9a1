namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy --help</c>.</summary>
public static class HelpCommand
{
    private const string Text = """
        CacheProxy [--to URL] [--Setting:Name value]…   runs the proxy; without --to by config/routes.json
        CacheProxy check                                 checks the configuration: every error, nothing starts
        CacheProxy policies                              prints the compiled policies
        CacheProxy token --scope "cache:read" --for 1h   signs an operator's token
        CacheProxy health                                asks the running proxy whether it is ready
        CacheProxy explain [--method GET] TARGET         asks it what would happen to a request, and why
        CacheProxy purge --tag NAME [--dry-run]          purges through it; --key, --pattern, --everything, --mode too
        CacheProxy doctor [--json] [TARGET]…             looks at Redis and the backends: what is wrong, and what to do
        CacheProxy --version

        check, policies, health and doctor take settings as the proxy does: --Setting:Name value.
        """;

    /// <summary>Writes the commands.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(TextWriter output)
    {
        await output.WriteLineAsync(Text);
        return 0;
    }
}
