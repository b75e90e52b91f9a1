using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Client.Tests.Documentation;

/// <summary>The scripts of docs/features/backend-events.md are run as they stand there.</summary>
public partial class BackendEventsPageTests
{
    [FactWith("python3")]
    public Task Python_ProxyFailsTwice_DeliversWithGoodSignatures() => DeliversAsync(
        "python3", ["-c", Block("python") + "\nprint(post_event('model.updated', {'model_run_id': 'abc-123'}, first_pause=0.01))"]);

    [FactWith("sh", "openssl", "curl")]
    public Task Shell_ProxyFailsTwice_DeliversWithGoodSignatures() => DeliversAsync(
        "sh", ["-c", Block("sh") + "\nsleep() { :; }\npost_event model.updated '{\"model_run_id\": \"abc-123\"}'"]);

    [FactWith("python3")]
    public Task Python_ProxyRefuses_FailsAtOnce() => RefusedAsync(
        "python3", ["-c", Block("python") + "\npost_event('no.such', {}, first_pause=0.01)"]);

    [FactWith("sh", "openssl", "curl")]
    public Task Shell_ProxyRefuses_FailsAtOnce() => RefusedAsync(
        "sh", ["-c", Block("sh") + "\nsleep() { :; }\npost_event no.such '{}'"]);

    private static async Task DeliversAsync(string program, string[] arguments)
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, before, context) =>
        {
            context.Response.StatusCode = before < 2 ? 503 : 200;
            return context.Response.WriteAsync("{\"position\":42}");
        };
        var (code, output, error) = await RunAsync(program, arguments, receiver.Url);
        Assert.True(code == 0, error);
        Assert.Equal("{\"position\":42}", output.Trim());
        Assert.Equal(3, receiver.All.Count);
        Assert.Single(receiver.All.Select(r => (r.Id, r.Body)).Distinct());
        Assert.Matches("\"data\": ?\\{\"model_run_id\": \"abc-123\"\\}", receiver.All.First().Body);
        Assert.All(receiver.All, r => Assert.True(r.IsSignedWith(ClientHost.Secret)));
    }

    private static async Task RefusedAsync(string program, string[] arguments)
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = (_, _, context) =>
        {
            context.Response.StatusCode = 422;
            return Task.CompletedTask;
        };
        Assert.NotEqual(0, (await RunAsync(program, arguments, receiver.Url)).Code);
        Assert.Single(receiver.All);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(string program, string[] arguments, Uri url)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CACHEPROXY_URL"] = url.AbsoluteUri;
        start.Environment["CACHEPROXY_SECRET"] = ClientHost.Secret;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static string Block(string language)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Playground.sln"))) folder = folder.Parent;
        var page = File.ReadAllText(Path.Combine(folder.FullName, "docs", "features", "backend-events.md"));
        return Assert.Single(CodeBlocks().Matches(page), m => m.Groups["language"].Value == language).Groups["code"].Value;
    }

    [GeneratedRegex("^```(?<language>\\w+)\\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlocks();

    /// <summary>A test that is skipped, and counted as such, where a program is missing.</summary>
    private sealed class FactWithAttribute : FactAttribute
    {
        public FactWithAttribute(params string[] programs)
        {
            var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
            var missing = programs.Where(p => !folders.Any(f => File.Exists(Path.Combine(f, p)))).ToArray();
            if (missing.Length > 0) Skip = $"{string.Join(", ", missing)} not on PATH";
        }
    }
}
