using System.Buffers;
using System.Runtime.CompilerServices;
using CacheProxy.Engine;
using CacheProxy.Engine.Http;

namespace CacheProxy.Proxying;

/// <summary>
/// A connection to the origin, read along: <see cref="HttpClient"/> drops interim responses without a word. Only fills are listened to: they send
/// no body after the head, so that what begins a read after a write is the beginning of a response, and bytes of a body are never taken for a head.
/// Nothing is changed in what goes by.
/// </summary>
internal sealed class InterimStream(Stream connection) : Stream
{
    private const int LongestHead = 16 * 1_024;
    private static readonly AsyncLocal<IOriginSink?> s_listener = new();
    private readonly ArrayBufferWriter<byte> _head = new();
    private IOriginSink? _sink;

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
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await connection.ReadAsync(buffer, cancellationToken);
        if (_sink is not null && read > 0) Observe(buffer.Span[..read]);
        return read;
    }

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
