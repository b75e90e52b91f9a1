using System.Net;
using System.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxying;

/// <summary>
/// Refuses answers whose end two readers could see in different places (RFC 9112 §6.3): several or malformed lengths, a length beside a
/// transfer coding, a coding that contains <c>chunked</c> and is not that. A coding that has nothing of it ends with the connection (item 4
/// there), for every reader alike. .NET ignores a length that it cannot read, and then takes the end of the
/// connection for the end of the body: half a body would be stored as a whole one.
/// </summary>
internal sealed class FramingTransform : ResponseTransform
{
    /// <exception cref="HttpRequestException">It is such an answer; YARP closes its connection and answers 502.</exception>
    public override ValueTask ApplyAsync(ResponseTransformContext context) =>
        context.ProxyResponse is { Version.Major: < 2 } response && Fault(response) is { } fault
            ? throw new HttpRequestException(HttpRequestError.InvalidResponse, fault)
            : ValueTask.CompletedTask;

    private static string? Fault(HttpResponseMessage response)
    {
        var isCoded = response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var codings);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols) return null;
        if (isCoded && (codings.Count != 1 || !IsPlain(Only(codings)))) return "The origin's Transfer-Encoding is not exactly one 'chunked'.";
        if (!response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var lengths)) return null;
        if (isCoded) return "The origin sent both Content-Length and Transfer-Encoding.";
        return lengths.Count == 1 && IsLength(Only(lengths)) ? null : "The origin's Content-Length is not exactly one number.";
    }

    private static string Only(HeaderStringValues values)
    {
        foreach (var value in values) return value;
        return "";
    }

    private static bool IsPlain(string coding) =>
        string.Equals(coding, "chunked", StringComparison.OrdinalIgnoreCase)
        || (coding.All(static c => char.IsAsciiLetterOrDigit(c) || c == '-') && !coding.Contains("chunked", StringComparison.OrdinalIgnoreCase));

    private static bool IsLength(ReadOnlySpan<char> text) => text is { Length: > 0 and <= 19 } && !text.ContainsAnyExceptInRange('0', '9');
}
