using System.Collections.Concurrent;
using System.Text;
using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>What the origin of a test answers.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The body.</param>
/// <param name="Fields">Header fields as <c>Name: value</c>.</param>
internal sealed record OriginAnswer(int Status, string Body, params string[] Fields)
{
    /// <summary>Comes before the head.</summary>
    public Task BeforeHead { get; init; } = Task.CompletedTask;

    /// <summary>Comes after this many bytes of the body.</summary>
    public (int Bytes, Task Until) Pause { get; init; } = (0, Task.CompletedTask);

    /// <summary>Whether a length is announced.</summary>
    public bool HasLength { get; init; } = true;

    public OriginResult Result { get; init; } = OriginResult.Complete;

    public InterimResponse? Interim { get; init; }

    public static OriginAnswer Ok(string body, params string[] fields) => new(200, body, fields);

    /// <summary>No answer at all.</summary>
    public static OriginAnswer Fails(OriginResult result) => new(0, "") { Result = result };
}

/// <summary>An origin that says what the test wants, and remembers what it was asked.</summary>
internal sealed class ScriptedOrigin(TimeProvider time) : IOrigin
{
    private readonly ConcurrentQueue<OriginRequest> _requests = new();
    private int _passed;

    public Func<OriginRequest, OriginAnswer> Answers { get; set; } = static _ => OriginAnswer.Ok("hello", "Cache-Control: max-age=60");

    public IReadOnlyList<OriginRequest> Requests => [.. _requests];

    public int Count => _requests.Count;

    public OriginRequest Last => _requests.Last();

    /// <summary>How many requests went past the cache.</summary>
    public int Passed => Volatile.Read(ref _passed);

    public string GroupOf(Endpoint endpoint) => "origin";

    public async Task<OriginResult> SendAsync(OriginRequest request, IOriginSink sink, CancellationToken cancellationToken)
    {
        _requests.Enqueue(request);
        var answer = Answers(request);
        try
        {
            if (answer.Interim is { } interim) sink.OnInterim(interim);
            await answer.BeforeHead.WaitAsync(cancellationToken);
            if (answer.Status == 0) return answer.Result;
            sink.OnHead(answer.Status, FieldsOf(answer));
            var body = Encoding.UTF8.GetBytes(answer.Body);
            if (request.Method == "HEAD") return answer.Result;
            if (answer.Pause.Bytes > 0) await sink.OnBodyAsync(body.AsMemory(0, answer.Pause.Bytes), cancellationToken);
            await answer.Pause.Until.WaitAsync(cancellationToken);
            await sink.OnBodyAsync(body.AsMemory(answer.Pause.Bytes), cancellationToken);
            return answer.Result;
        }
        catch (OperationCanceledException)
        {
            return OriginResult.Canceled;
        }
    }

    /// <summary>What is behind the cache for requests that go past it.</summary>
    public async Task PassAsync(HttpContext context)
    {
        Interlocked.Increment(ref _passed);
        var answer = Answers(new OriginRequest
        {
            Endpoint = context.GetEndpoint()!,
            RouteValues = context.Request.RouteValues,
            Method = context.Request.Method,
            Scheme = context.Request.Scheme,
            Host = context.Request.Host.ToString(),
            Target = context.Request.Path,
            Headers = context.Request.Headers,
        });
        context.Response.StatusCode = answer.Status;
        foreach (var (name, values) in FieldsOf(answer)) context.Response.Headers[name] = values;
        if (!HttpMethods.IsHead(context.Request.Method)) await context.Response.WriteAsync(answer.Body);
    }

    private HeaderFields FieldsOf(OriginAnswer answer)
    {
        var headers = new HeaderDictionary { ["Date"] = HttpDate.Format(time.GetUtcNow()), ["Content-Type"] = "text/plain" };
        if (answer.HasLength && answer.Status is not (304 or 204)) headers.ContentLength = Encoding.UTF8.GetByteCount(answer.Body);
        foreach (var field in answer.Fields)
        {
            var colon = field.IndexOf(':', StringComparison.Ordinal);
            headers[field[..colon]] = field[(colon + 1)..].Trim();
        }
        return HeaderFields.Copy(headers);
    }
}
