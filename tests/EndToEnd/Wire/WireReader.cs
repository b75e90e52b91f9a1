using System.Globalization;
using System.Text;

namespace EndToEnd.Wire;

/// <summary>Reads HTTP/1.1 messages from a socket strictly: what is not exactly right is an <see cref="InvalidDataException"/>.</summary>
internal sealed class WireReader(Stream stream)
{
    private const int MaxHead = 512 * 1_024;
    private readonly byte[] _buffer = new byte[8 * 1_024];
    private int _start;
    private int _end;

    /// <summary>Up to the empty line, which is taken too; null when the connection ended before the first byte.</summary>
    /// <exception cref="EndOfStreamException">It ended within the head.</exception>
    public async Task<string?> ReadHeadAsync(CancellationToken cancellation)
    {
        var head = new StringBuilder();
        while (true)
        {
            if (await NextAsync(cancellation) is not { } next) return head.Length == 0 ? null : throw new EndOfStreamException($"The connection ended in a head: {head}");
            head.Append((char)next);
            if (next == '\n' && head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n") return head.ToString(0, head.Length - 4);
            if (head.Length > MaxHead) throw new InvalidDataException("The head has no end.");
        }
    }

    public async Task<byte[]> ReadExactlyAsync(long length, CancellationToken cancellation)
    {
        var bytes = new byte[length];
        await ReadIntoAsync(bytes, cancellation);
        return bytes;
    }

    /// <summary>Fills the buffer; what came before an early end is in it.</summary>
    /// <returns>How many bytes came.</returns>
    public async Task<int> ReadUpToAsync(Memory<byte> into, CancellationToken cancellation)
    {
        var read = 0;
        while (read < into.Length)
        {
            var chunk = await ChunkAsync(into.Length - read, cancellation);
            if (chunk.IsEmpty) return read;
            chunk.CopyTo(into[read..]);
            read += chunk.Length;
        }
        return read;
    }

    /// <summary>A chunked body with its trailers; what came before an early or broken end is given to <paramref name="into"/>.</summary>
    public async Task ReadChunkedAsync(Stream into, CancellationToken cancellation)
    {
        while (true)
        {
            var size = (await ReadLineAsync(cancellation)).Split(';')[0];
            if (!long.TryParse(size, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var length)) throw new InvalidDataException($"'{size}' is no chunk size.");
            for (var left = length; left > 0;)
            {
                var chunk = await ChunkAsync((int)Math.Min(left, int.MaxValue), cancellation);
                if (chunk.IsEmpty) throw new EndOfStreamException("The connection ended in a chunk.");
                await into.WriteAsync(chunk, cancellation);
                left -= chunk.Length;
            }
            if (length == 0)
            {
                while (await ReadLineAsync(cancellation) is { Length: > 0 })
                {
                    // Trailers.
                }
                return;
            }
            if (await ReadLineAsync(cancellation) is { Length: > 0 } junk) throw new InvalidDataException($"'{junk}' after a chunk.");
        }
    }

    public async Task ReadToEndAsync(Stream into, CancellationToken cancellation)
    {
        while (await ChunkAsync(int.MaxValue, cancellation) is { IsEmpty: false } chunk) await into.WriteAsync(chunk, cancellation);
    }

    private async Task ReadIntoAsync(byte[] bytes, CancellationToken cancellation)
    {
        if (await ReadUpToAsync(bytes, cancellation) != bytes.Length) throw new EndOfStreamException("The connection ended in a body.");
    }

    private async Task<string> ReadLineAsync(CancellationToken cancellation)
    {
        var line = new StringBuilder();
        while (true)
        {
            var next = await NextAsync(cancellation) ?? throw new EndOfStreamException("The connection ended in a line.");
            if (next == '\n' && line.Length > 0 && line[^1] == '\r') return line.ToString(0, line.Length - 1);
            line.Append((char)next);
        }
    }

    private async ValueTask<byte?> NextAsync(CancellationToken cancellation)
    {
        if (_start == _end && !await FillAsync(cancellation)) return null;
        return _buffer[_start++];
    }

    private async ValueTask<ReadOnlyMemory<byte>> ChunkAsync(int most, CancellationToken cancellation)
    {
        if (_start == _end && !await FillAsync(cancellation)) return default;
        var chunk = _buffer.AsMemory(_start, Math.Min(most, _end - _start));
        _start += chunk.Length;
        return chunk;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        (_start, _end) = (0, await stream.ReadAsync(_buffer, cancellation));
        return _end > 0;
    }
}
