using System.IO.Pipelines;
using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Engine.Caching.Origins;

/// <summary>
/// The response side of a fill's context. The head goes to the sink with the first byte or at the end, never when the endpoint has failed: its
/// 502 is not the origin's answer. Each write waits for the sink, which is how a slow reader holds the origin back.
/// </summary>
internal sealed class DetachedResponse : IHttpResponseFeature, IHttpResponseBodyFeature, IHttpResponseTrailersFeature
{
    private readonly IOriginSink _sink;
    private readonly DetachedLifetime _lifetime;
    private readonly IFillParticipant? _participant;
    // As many as most responses have: a table that grew would be made three times.
    private readonly HeaderDictionary _headers = new(11);
    private Stack<(Func<object, Task> Callback, object State)>? _starting;
    private Stack<(Func<object, Task> Callback, object State)>? _completed;
    private IHeaderDictionary? _trailers;
    private PipeWriter? _writer;
    private HttpContext? _context;
    private Predicate<HttpContext>? _hasFailed;

    public DetachedResponse(IOriginSink sink, DetachedLifetime lifetime, IFillParticipant? participant)
    {
        _sink = sink;
        _lifetime = lifetime;
        _participant = participant;
        Headers = _headers;
        Stream = new SinkStream(this);
    }

    public int StatusCode { get; set; } = 200;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; }

    public IHeaderDictionary Trailers
    {
        get => _trailers ??= new HeaderDictionary();
        set => _trailers = value;
    }

    [Obsolete("Part of the interface; the body is IHttpResponseBodyFeature.Stream.")]
    public Stream Body
    {
        get => Stream;
        set => throw new NotSupportedException("The body of a fill cannot be replaced.");
    }

    public bool HasStarted { get; private set; }

    public Stream Stream { get; }

    public PipeWriter Writer => _writer ??= PipeWriter.Create(Stream, new StreamPipeWriterOptions(leaveOpen: true));

    /// <summary>Whose response it is, and whether its endpoint has reported a failure: then its head is not handed on.</summary>
    public void Watch(HttpContext context, Predicate<HttpContext> hasFailed) => (_context, _hasFailed) = (context, hasFailed);

    public void OnStarting(Func<object, Task> callback, object state) => (_starting ??= new()).Push((callback, state));

    public void OnCompleted(Func<object, Task> callback, object state) => (_completed ??= new()).Push((callback, state));

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (HasStarted || HasFailed) return;
        while (_starting?.TryPop(out var starting) == true) await starting.Callback(starting.State);
        if (_participant is not null) await _participant.BeforeHeadAsync(cancellationToken);
        HasStarted = true;
        _lifetime.HeadArrived();
        _sink.OnHead(StatusCode, HeaderFields.Copy(_headers));
    }

    public async Task CompleteAsync()
    {
        if (_writer is not null) await _writer.FlushAsync();
        await StartAsync();
    }

    public void DisableBuffering()
    {
        // There is none.
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

    /// <summary>The endpoint threw: its answer so far is worth nothing. What has begun ends as if the connection had.</summary>
    public void Fail(int status, Exception exception)
    {
        if (HasStarted)
        {
            _lifetime.Abort();
            return;
        }
        _headers.Clear();
        _writer?.Complete(exception);
        _writer = null;
        StatusCode = status;
    }

    /// <summary>Ends what was registered on the context (its scope of services among it).</summary>
    public async Task CompletedAsync()
    {
        while (_completed?.TryPop(out var completed) == true) await completed.Callback(completed.State);
    }

    private bool HasFailed => _context is not null && _hasFailed!(_context);

    private async ValueTask WriteAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
    {
        if (!HasStarted) await StartAsync(cancellationToken);
        await _sink.OnBodyAsync(chunk, cancellationToken);
    }

    private sealed class SinkStream(DetachedResponse response) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
            // Every write is passed on at once.
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => response.StartAsync(cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => response.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            response.WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous writes.");

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
