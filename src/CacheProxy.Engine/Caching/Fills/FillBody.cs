namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// The body of a running fill: written once, read by all who wait, each at its own speed. Whole while it fits; once it outgrows its limit
/// it becomes a window that moves with its slowest reader, and the origin waits for that one.
/// Invariant: the blocks cover [start, length) without a gap; a reader never stands before start. A block only grows, so what a reader
/// has been given never changes.
/// </summary>
internal sealed class FillBody(FillBudget budget, long limit)
{
    /// <summary>Small chunks share a block, so that an origin that sends single bytes costs no more than one that does not.</summary>
    private const int BlockSize = 16 * 1_024;

    /// <summary>How far the origin may run ahead of the slowest reader once the body is a window.</summary>
    private const long WindowSize = 512 * 1_024;

    /// <summary>The most that a reader is given at once: the server copies it before it waits for the client.</summary>
    private const int LongestRead = 64 * 1_024;

    private readonly Lock _gate = new();
    private readonly List<Block> _blocks = [];
    private readonly List<Reader> _readers = [];
    private TaskCompletionSource? _written;
    private TaskCompletionSource? _read;
    private long _start;
    private int _dropped;
    private long _length;
    private long _taken;
    private bool _whole = true;
    private bool _ended;
    private bool _broken;

    /// <summary>Whether all of it is here, so that it can be stored and joined.</summary>
    public bool IsWhole
    {
        get
        {
            lock (_gate) return _whole;
        }
    }

    public long Length
    {
        get
        {
            lock (_gate) return _length;
        }
    }

    /// <summary>Gives up keeping it whole: it will not be stored.</summary>
    public void StreamThrough()
    {
        lock (_gate)
        {
            _whole = false;
            Trim();
        }
    }

    /// <summary>Makes room for a body of known length in one piece, so that it need not be copied again to be stored.</summary>
    public void Expect(long length)
    {
        if (length <= 0 || length > limit) return;
        lock (_gate)
        {
            if (_blocks.Count == 0) _blocks.Add(new Block((int)length));
        }
    }

    /// <summary>Copies the chunk: its memory is the caller's again.</summary>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken)
    {
        if (chunk.IsEmpty) return;
        Task? wait;
        lock (_gate)
        {
            if (_whole && (_length + chunk.Length > limit || !TryTake(chunk.Length))) _whole = false;
            Add(chunk.Span);
            _length += chunk.Length;
            if (!_whole) Trim();
            Wake(ref _written);
            wait = MustWait();
        }
        while (wait is not null)
        {
            await wait.WaitAsync(cancellationToken);
            lock (_gate) wait = MustWait();
        }
    }

    /// <summary>No more will come.</summary>
    /// <param name="broken">Whether the end is missing.</param>
    public void End(bool broken)
    {
        lock (_gate)
        {
            _ended = true;
            _broken = broken;
            Wake(ref _written);
            if (_taken > 0) budget.GiveBack(_taken);
            _taken = 0;
        }
    }

    /// <summary>All of it, in one piece.</summary>
    public ReadOnlyMemory<byte> ToMemory()
    {
        lock (_gate)
        {
            if (_blocks.Count == 0) return default;
            if (_blocks.Count == 1 && _blocks[0].IsFull) return _blocks[0].Written;
            var all = new byte[_length];
            var at = 0;
            foreach (var block in _blocks)
            {
                block.Written.Span.CopyTo(all.AsSpan(at));
                at += block.Length;
            }
            return all;
        }
    }

    /// <summary>A reader from the first byte; <see langword="null"/> when that is gone.</summary>
    public Reader? Open()
    {
        lock (_gate)
        {
            if (_start > 0) return null;
            var reader = new Reader(this);
            _readers.Add(reader);
            return reader;
        }
    }

    private bool TryTake(int bytes)
    {
        if (!budget.TryTake(bytes)) return false;
        _taken += bytes;
        return true;
    }

    private Task? MustWait()
    {
        if (_whole || _length - _start <= WindowSize || _readers.Count == 0) return null;
        _read ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _read.Task;
    }

    private void Trim()
    {
        if (_taken > 0) budget.GiveBack(_taken);
        _taken = 0;
        var needed = _length;
        foreach (var reader in _readers) needed = Math.Min(needed, reader.At);
        while (_blocks.Count > 0 && _start + _blocks[0].Length <= needed)
        {
            _start += _blocks[0].Length;
            _dropped++;
            _blocks.RemoveAt(0);
        }
    }

    private void Add(ReadOnlySpan<byte> chunk)
    {
        if (_blocks is [.., var last]) chunk = chunk[last.Append(chunk)..];
        if (chunk.IsEmpty) return;
        var block = new Block(Math.Max(BlockSize, chunk.Length));
        block.Append(chunk);
        _blocks.Add(block);
    }

    private static void Wake(ref TaskCompletionSource? waiting)
    {
        waiting?.TrySetResult();
        waiting = null;
    }

    private sealed class Block(int capacity)
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(capacity);

        public int Length { get; private set; }

        public bool IsFull => Length == _bytes.Length;

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

        public int Append(ReadOnlySpan<byte> chunk)
        {
            var taken = Math.Min(chunk.Length, _bytes.Length - Length);
            chunk[..taken].CopyTo(_bytes.AsSpan(Length));
            Length += taken;
            return taken;
        }
    }

    /// <summary>One who reads along.</summary>
    internal sealed class Reader(FillBody body) : IDisposable
    {
        private int _block;
        private int _offset;

        internal long At { get; private set; }

        /// <summary>The next bytes; empty at the end.</summary>
        /// <exception cref="IncompleteBodyException">The origin's body ended before its end.</exception>
        public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                Task wait;
                lock (body._gate)
                {
                    if (TryRead(out var chunk)) return chunk;
                    if (body._ended) return body._broken ? throw new IncompleteBodyException() : default;
                    body._written ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    wait = body._written.Task;
                }
                await wait.WaitAsync(cancellationToken);
            }
        }

        private bool TryRead(out ReadOnlyMemory<byte> chunk)
        {
            // Only what this reader has read to its end can have been dropped.
            if (_block < body._dropped) (_block, _offset) = (body._dropped, 0);
            while (_block - body._dropped < body._blocks.Count)
            {
                var block = body._blocks[_block - body._dropped];
                if (_offset < block.Length)
                {
                    chunk = block.Written.Slice(_offset, Math.Min(block.Length - _offset, LongestRead));
                    _offset += chunk.Length;
                    At += chunk.Length;
                    if (!body._whole)
                    {
                        body.Trim();
                        Wake(ref body._read);
                    }
                    return true;
                }
                if (!block.IsFull && _block - body._dropped == body._blocks.Count - 1) break;
                _block++;
                _offset = 0;
            }
            chunk = default;
            return false;
        }

        public void Dispose()
        {
            lock (body._gate)
            {
                body._readers.Remove(this);
                if (!body._whole) body.Trim();
                Wake(ref body._read);
            }
        }
    }
}

/// <summary>The origin's body ended before its end: the client's connection must end the same way.</summary>
internal sealed class IncompleteBodyException() : IOException("The origin's response ended before its end.");
