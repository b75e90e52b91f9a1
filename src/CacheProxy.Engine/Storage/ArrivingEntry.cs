using System.IO.Pipelines;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// Where the stock store writes what it has read: one array of the right size, to be decoded in place. A pipe would copy it twice, and wait
/// for a reader once it is full.
/// </summary>
internal sealed class ArrivingEntry : PipeWriter
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>What has arrived.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _bytes.Length - _length);
        _length += bytes;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(sizeHint, 1));
        return _bytes.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        Reserve(source.Length);
        source.CopyTo(_bytes.AsMemory(_length));
        _length += source.Length;
        return FlushAsync(cancellationToken);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(new FlushResult(isCanceled: false, isCompleted: false));

    public override void CancelPendingFlush()
    {
        // No flush waits.
    }

    public override void Complete(Exception? exception = null)
    {
        // Whoever reads it asks the store whether there was anything.
    }

    private void Reserve(int length)
    {
        if (_bytes.Length - _length >= length) return;
        var larger = new byte[Math.Max(_length + length, _bytes.Length * 2)];
        Bytes.CopyTo(larger);
        _bytes = larger;
    }
}
