using System.IO.Compression;
using CacheProxy.Engine.Http;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The codings of one body, each made at most once and shared by all entries with that body. A coding that does not make it shorter is
/// remembered as not worth sending.
/// </summary>
public sealed class CodedBodies
{
    // Of a JSON answer quality 5 keeps most of what 11 gains, at a fortieth of the time; it is paid once an entry.
    private const int BrotliQuality = 5;
    private const int BrotliWindow = 20;
    private readonly ReadOnlyMemory<byte> _identity;
    private readonly Lock _gate = new();
    private volatile byte[]? _brotli;
    private volatile byte[]? _gzip;

    internal CodedBodies(ReadOnlyMemory<byte> identity) => _identity = identity;

    /// <summary>Bytes held beside the body itself.</summary>
    public long Size => (_brotli?.LongLength ?? 0) + (_gzip?.LongLength ?? 0);

    /// <summary>The body in a coding; <see langword="null"/> when it was not made yet, or is not worth sending.</summary>
    public byte[]? Find(Coding coding) => Slot(coding) is { Length: > 0 } made ? made : null;

    /// <summary>Whether there is nothing to make any more.</summary>
    public bool IsSettled(Coding coding) => Slot(coding) is not null;

    /// <summary>Makes a coding, unless it is there; costs milliseconds for each megabyte.</summary>
    public byte[]? Make(Coding coding)
    {
        lock (_gate)
        {
            if (!IsSettled(coding)) Set(coding, coding == Coding.Brotli ? Brotli() : Gzip());
        }
        return Find(coding);
    }

    /// <summary>Takes a coding over that was made elsewhere.</summary>
    internal void Take(Coding coding, byte[] bytes)
    {
        lock (_gate)
        {
            if (!IsSettled(coding)) Set(coding, bytes);
        }
    }

    private byte[]? Slot(Coding coding) => coding switch { Coding.Brotli => _brotli, Coding.Gzip => _gzip, _ => [] };

    private void Set(Coding coding, byte[] bytes)
    {
        if (coding == Coding.Brotli) _brotli = bytes;
        else _gzip = bytes;
    }

    private byte[] Brotli()
    {
        var coded = new byte[_identity.Length];
        return BrotliEncoder.TryCompress(_identity.Span, coded, out var length, BrotliQuality, BrotliWindow) ? coded[..length] : [];
    }

    private byte[] Gzip()
    {
        using var coded = new MemoryStream(_identity.Length / 4);
        using (var gzip = new GZipStream(coded, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(_identity.Span);
        return coded.Length < _identity.Length ? coded.ToArray() : [];
    }
}
