namespace CacheProxy.Engine.Policies;

/// <summary>What was already read of a body, and then the rest of it as it comes.</summary>
internal sealed class ReplayedStream(ReadOnlyMemory<byte> read, Stream rest) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException("The length of a request body is known from its header only.");

    public override long Position
    {
        get => throw new NotSupportedException("A request body has no position.");
        set => throw new NotSupportedException("A request body has no position.");
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position == read.Length) return rest.ReadAsync(buffer, cancellationToken);
        return ValueTask.FromResult(Replay(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        _position == read.Length ? rest.Read(buffer, offset, count) : Replay(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException("A request body has no position.");

    public override void SetLength(long value) => throw new NotSupportedException("A request body is read only.");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("A request body is read only.");

    private int Replay(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, read.Length - _position);
        read.Span.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }
}
