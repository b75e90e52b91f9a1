using System.Buffers;
using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using CacheProxy.Engine;
using CacheProxy.Engine.Http;

namespace CacheProxy.Proxying;

/// <summary>
/// A connection to the origin, read along: <see cref="HttpClient"/> drops interim responses without a word. Only fills are listened to: they send
/// no body after the head, so that what begins a read after a write is the beginning of a response, and bytes of a body are never taken for a head.
/// Nothing is changed in what goes by.
/// </summary>
internal sealed class InterimStream(Stream connection) : Stream, IValueTaskSource<int>
{
    private const int LongestHead = 16 * 1_024;
    private static readonly AsyncLocal<IOriginSink?> s_listener = new();
    private readonly ArrayBufferWriter<byte> _head = new();
    private IOriginSink? _sink;
    private ManualResetValueTaskSourceCore<int> _source;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _inner;
    private Memory<byte> _buffer;
    private Action? _ended;

    public override bool CanRead => connection.CanRead;

    public override bool CanSeek => false;

    public override bool CanWrite => connection.CanWrite;

    public override bool CanTimeout => connection.CanTimeout;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>From here on, in this flow, interim responses to what is sent go to the sink.</summary>
    public static void Listen(IOriginSink sink) => s_listener.Value = sink;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _sink = s_listener.Value;
        _head.ResetWrittenCount();
        return connection.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => connection.Write(buffer, offset, count);

    // A read may have begun before the request was written (the pool reads ahead on idle connections), so what it is is known when it ends.
    // The one source for all reads of a connection, of which one is under way at a time: nothing is allocated for each.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = connection.ReadAsync(buffer, cancellationToken);
        if (read.IsCompletedSuccessfully)
        {
            var count = read.Result;
            if (_sink is not null && count > 0) Observe(buffer.Span[..count]);
            return new(count);
        }
        _buffer = buffer;
        _source.Reset();
        _inner = read.ConfigureAwait(false).GetAwaiter();
        _inner.UnsafeOnCompleted(_ended ??= EndRead);
        return new(this, _source.Version);
    }

    int IValueTaskSource<int>.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<int>.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource<int>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => connection.Read(buffer, offset, count);

    public override void Flush() => connection.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => connection.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) connection.Dispose();
        base.Dispose(disposing);
    }

    private void EndRead()
    {
        int count;
        try
        {
            count = _inner.GetResult();
            if (_sink is not null && count > 0) Observe(_buffer.Span[..count]);
        }
        catch (Exception exception)
        {
            _source.SetException(exception);
            return;
        }
        finally
        {
            _buffer = default;
        }
        _source.SetResult(count);
    }

    private void Observe(ReadOnlySpan<byte> bytes)
    {
        // The usual case: the final head, told by its first bytes, copied nowhere.
        if (_head.WrittenCount == 0 && InterimResponse.IsInterim(bytes) == false)
        {
            _sink = null;
            return;
        }
        _head.Write(bytes);
        while (_sink is { } sink)
        {
            var seen = _head.WrittenSpan;
            var interim = InterimResponse.IsInterim(seen);
            if (interim is null) return;
            var end = seen.IndexOf("\r\n\r\n"u8);
            if (interim == false || (end < 0 && seen.Length > LongestHead))
            {
                _sink = null;
                _head.ResetWrittenCount();
                return;
            }
            if (end < 0) return;
            if (InterimResponse.Parse(seen[..(end + 4)]) is { } response) sink.OnInterim(response);
            var rest = seen[(end + 4)..].ToArray();
            _head.ResetWrittenCount();
            _head.Write(rest);
        }
    }
}
