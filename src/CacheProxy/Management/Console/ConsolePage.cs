using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Management.Console;

/// <summary>
/// The console at <c>/</c> of the operators' listener: one embedded file that asks the endpoints of this listener and nobody else. The page
/// itself is public; whoever opens it brings a token. Only the file's own script and style may run (Content-Security-Policy by hash).
/// </summary>
internal sealed class ConsolePage
{
    private const string Resource = "CacheProxy.Management.Console.console.html";
    private readonly byte[] _page;
    private readonly string _policy;

    public ConsolePage(ManagementOptions options)
    {
        using var stream = typeof(ConsolePage).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The build lacks the embedded file {Resource}.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var text = reader.ReadToEnd()
            .Replace("{{prefix}}", options.Prefix, StringComparison.Ordinal)
            .Replace("{{stats}}", options.StatsPath, StringComparison.Ordinal)
            .Replace("{{clear}}", options.ClearPath, StringComparison.Ordinal);
        _page = Encoding.UTF8.GetBytes(text);
        _policy = $"default-src 'none'; script-src '{HashOf(text, "script")}'; style-src '{HashOf(text, "style")}'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    public Task ShowAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = _policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.ContentLength = _page.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(_page, context.RequestAborted).AsTask();
    }

    private static string HashOf(string page, string element)
    {
        var start = page.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var end = page.IndexOf($"</{element}>", start, StringComparison.Ordinal);
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page[start..end])));
    }
}
