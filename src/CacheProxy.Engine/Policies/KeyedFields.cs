using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Engine.Policies;

/// <summary>
/// All that was keyed, one field after another, each with its kind and its length before it: two different sequences of fields never
/// make the same bytes, whatever the values contain.
/// </summary>
internal sealed class KeyedFields : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(512);
    private int _length;

    public bool IsEmpty => _length == 0;

    public void Add(char kind, string text)
    {
        var span = Next(kind, Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, span);
    }

    public void Add(char kind, ReadOnlySpan<byte> bytes) => bytes.CopyTo(Next(kind, bytes.Length));

    public void Add(char kind, Hash256 hash) => hash.CopyTo(Next(kind, Hash256.Size));

    public Hash256 Hash()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_buffer.AsSpan(0, _length), hash);
        return new(hash);
    }

    public void Dispose()
    {
        // Credentials pass through here: the pool must not hand them on.
        ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        _buffer = [];
        _length = 0;
    }

    private Span<byte> Next(char kind, int length)
    {
        var start = _length;
        var end = start + 5 + length;
        if (end > _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(end, _buffer.Length * 2));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
            _buffer = larger;
        }
        _buffer[start] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(start + 1), length);
        _length = end;
        return _buffer.AsSpan(start + 5, length);
    }
}
