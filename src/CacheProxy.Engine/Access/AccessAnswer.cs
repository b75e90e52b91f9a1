using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Access;

/// <summary>What the backend said about a caller.</summary>
internal enum AccessVerdict
{
    /// <summary>2xx: it may see the response.</summary>
    Allowed,

    /// <summary>401, 403 or 404: relayed as it came.</summary>
    Denied,

    /// <summary>Anything else: the request goes to the backend.</summary>
    Unknown,
}

/// <summary>The verdict, with the backend's own words for a no.</summary>
internal sealed record AccessAnswer(AccessVerdict Verdict, int Status, HeaderFields Headers, ReadOnlyMemory<byte> Body)
{
    public static AccessAnswer Allowed { get; } = new(AccessVerdict.Allowed, 200, HeaderFields.Empty, default);

    public static AccessAnswer Unknown { get; } = new(AccessVerdict.Unknown, 0, HeaderFields.Empty, default);
}

/// <summary>Takes the backend's answer; a body is kept up to a bound, since it is a short error at most.</summary>
internal sealed class AnswerSink : IOriginSink
{
    private const int MaxBody = 64 * 1_024;
    private readonly System.Buffers.ArrayBufferWriter<byte> _body = new();
    private int _status;
    private HeaderFields _headers = HeaderFields.Empty;

    public void OnHead(int status, HeaderFields headers)
    {
        _status = status;
        _headers = ConnectionFields.EndToEnd(headers);
    }

    public ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
    {
        if (_body.WrittenCount + chunk.Length <= MaxBody) System.Buffers.BuffersExtensions.Write(_body, chunk.Span);
        return ValueTask.CompletedTask;
    }

    public AccessAnswer ToAnswer(bool complete) => _status switch
    {
        >= 200 and < 300 when complete => AccessAnswer.Allowed,
        401 or 403 or 404 when complete => new(AccessVerdict.Denied, _status, _headers, _body.WrittenMemory),
        _ => AccessAnswer.Unknown,
    };
}
