using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// The bytes of a shared record. Layout: <c>CP</c>, version, XxHash128 of the rest, then the fields in order. Whatever does not parse to
/// the last byte, or whose checksum differs, is a miss. A version reads the one before it. The second compresses bodies with Brotli.
/// </summary>
internal static class EntryFormat
{
    private const byte Version = 2;
    private const byte FirstVersion = 1;

    // No entry is larger by far; what claims to be is damage that the checksum has not seen.
    private const int MaxBody = 1 << 30;

    private const int HeadLength = 3 + 16;
    private const int MaxItems = 4_096;

    private const int LongestKnownName = 32;

    // As they are written by most: a name in another spelling is kept as it came.
    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> s_knownNames = new[]
    {
        HeaderNames.AccessControlAllowOrigin, HeaderNames.CacheControl, HeaderNames.ContentLanguage, HeaderNames.ContentLength, HeaderNames.ContentType, HeaderNames.Date,
        HeaderNames.ETag, HeaderNames.Expires, HeaderNames.LastModified, HeaderNames.Link, HeaderNames.Location, HeaderNames.Server, HeaderNames.Vary, HeaderNames.Via,
    }.ToFrozenSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    // Ages count from dates that an origin may write, so from the year 1 at worst; sums of several still fit.
    private static readonly TimeSpan s_longest = TimeSpan.FromDays(1_000_000);

    private enum Flags : byte
    {
        None = 0,
        AlwaysValidate = 1,
        MustRevalidate = 2,
        HasValidator = 4,
    }

    public static ReadOnlyMemory<byte> Encode(SharedRecord record)
    {
        var body = record.Response?.Body.Length ?? 0;
        var buffer = new ArrayBufferWriter<byte>(body + 2_048);
        buffer.GetSpan(HeadLength)[..HeadLength].Clear();
        buffer.Advance(HeadLength);
        var writer = new Writer(buffer);
        writer.Int(record.SelectingNames.Length);
        foreach (var names in record.SelectingNames) writer.Texts(names);
        writer.Byte(record.Response is null ? (byte)0 : (byte)1);
        if (record.Response is { } response) Write(writer, response);

        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsMemory(buffer.WrittenMemory);
        bytes.Span[0] = (byte)'C';
        bytes.Span[1] = (byte)'P';
        bytes.Span[2] = Version;
        XxHash128.Hash(bytes.Span[HeadLength..], bytes.Span[3..HeadLength]);
        return bytes;
    }

    public static SharedRecord? Decode(ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        if (span.Length <= HeadLength || span[0] != 'C' || span[1] != 'P' || span[2] is < FirstVersion or > Version) return null;
        Span<byte> checksum = stackalloc byte[16];
        XxHash128.Hash(span[HeadLength..], checksum);
        if (!checksum.SequenceEqual(span[3..HeadLength])) return null;

        var reader = new Reader(bytes[HeadLength..]);
        var count = reader.Count();
        var names = ImmutableArray.CreateBuilder<ImmutableArray<string>>(count);
        for (var i = 0; i < count && !reader.Failed; i++) names.Add(reader.Texts());
        var response = reader.Byte() == 1 ? Read(ref reader, span[2]) : null;
        return reader.Failed || !reader.AtEnd ? null : new SharedRecord(names.DrainToImmutable(), response);
    }

    private static void Write(Writer writer, StoredResponse response)
    {
        Span<byte> identity = stackalloc byte[Hash256.Size];
        response.Identity.CopyTo(identity);
        writer.Raw(identity);
        writer.Text(response.Name);
        writer.Text(response.PrimaryKey);
        writer.Text(response.Policy);
        writer.Long((long)response.Fingerprint);
        writer.Texts(response.Tags);
        writer.Long(response.Stamp.Epoch.Number);
        writer.Text(response.Stamp.Epoch.Nonce);
        writer.Long(response.Stamp.Sequence);
        writer.Int(response.Selecting.Length);
        foreach (var field in response.Selecting)
        {
            writer.Text(field.Name);
            writer.Optional(field.Value);
        }
        writer.Int(response.Status);
        writer.Int(response.Headers.Count);
        foreach (var field in response.Headers)
        {
            writer.Text(field.Key);
            writer.Int(field.Value.Count);
            foreach (var value in field.Value) writer.Text(value ?? "");
        }
        writer.Long(response.RequestTime.UtcTicks);
        writer.Long(response.ResponseTime.UtcTicks);
        writer.Long(response.InitialAge.Ticks);
        writer.Long(response.FreshUntilAge.Ticks);
        writer.Long(response.StaleWhileRevalidate.Ticks);
        writer.Long(response.StaleIfError.Ticks);
        writer.Long(response.FillTime.Ticks);
        writer.Optional(response.EntityTag);
        writer.Byte((byte)((response.AlwaysValidate ? Flags.AlwaysValidate : 0) | (response.MustRevalidate ? Flags.MustRevalidate : 0)
            | (response.HasValidator ? Flags.HasValidator : 0)));
        WriteBody(writer, response);
    }

    private static void WriteBody(Writer writer, StoredResponse response)
    {
        var coded = response.MayCompress ? response.Coded.Make(Coding.Brotli) : null;
        writer.Byte(coded is null ? (byte)0 : (byte)1);
        writer.Int(response.Body.Length);
        if (coded is null)
        {
            writer.Raw(response.Body.Span);
            return;
        }
        writer.Int(coded.Length);
        writer.Raw(coded);
    }

    private static ReadOnlyMemory<byte> ReadBody(ref Reader reader, byte version, out byte[]? coded)
    {
        coded = null;
        var isCoded = version > FirstVersion && reader.Byte() == 1;
        var length = reader.Int();
        if (!isCoded) return reader.Raw(length);
        coded = reader.Raw(reader.Int()).ToArray();
        if (length is < 0 or > MaxBody) reader.Fail();
        if (reader.Failed) return default;
        var body = new byte[length];
        if (!BrotliDecoder.TryDecompress(coded, body, out var written) || written != length) reader.Fail();
        return body;
    }

    private static StoredResponse? Read(ref Reader reader, byte version)
    {
        var identity = reader.Raw(Hash256.Size);
        if (reader.Failed) return null;
        // The fields in the order in which they were written.
        var response = new StoredResponse
        {
            Identity = new Hash256(identity.Span),
            Name = reader.Text(),
            PrimaryKey = reader.Text(),
            Policy = reader.Text(),
            Fingerprint = (ulong)reader.Long(),
            Tags = reader.Texts(),
            Stamp = new Position(new Epoch(reader.Long(), reader.Text()), reader.Long()),
            Selecting = ReadSelecting(ref reader),
            Status = reader.Int(),
            Headers = ReadHeaders(ref reader),
            RequestTime = reader.Time(),
            ResponseTime = reader.Time(),
            InitialAge = reader.Duration(),
            FreshUntilAge = reader.Duration(),
            StaleWhileRevalidate = reader.Duration(),
            StaleIfError = reader.Duration(),
            FillTime = reader.Duration(),
            EntityTag = reader.Optional(),
            AlwaysValidate = (ReadFlags(ref reader, out var flags) & Flags.AlwaysValidate) != 0,
            MustRevalidate = (flags & Flags.MustRevalidate) != 0,
            HasValidator = (flags & Flags.HasValidator) != 0,
            Body = ReadBody(ref reader, version, out var coded),
        };
        if (coded is not null) response.Coded.Take(Coding.Brotli, coded);
        return response;
    }

    private static Flags ReadFlags(ref Reader reader, out Flags flags) => flags = (Flags)reader.Byte();

    private static ImmutableArray<SelectingField> ReadSelecting(ref Reader reader)
    {
        var count = reader.Count();
        if (count == 0) return [];
        var fields = ImmutableArray.CreateBuilder<SelectingField>(count);
        for (var i = 0; i < count && !reader.Failed; i++) fields.Add(new(reader.Text(), reader.Optional()));
        return fields.DrainToImmutable();
    }

    private static HeaderFields ReadHeaders(ref Reader reader)
    {
        var count = reader.Count();
        var fields = ImmutableArray.CreateBuilder<KeyValuePair<string, StringValues>>(count);
        for (var i = 0; i < count && !reader.Failed; i++)
        {
            var name = reader.Name();
            var lines = reader.Count();
            fields.Add(new(name, lines == 1 ? reader.Text() : new StringValues([.. reader.Texts(lines)])));
        }
        return new HeaderFields(fields.DrainToImmutable());
    }

    private readonly struct Writer(ArrayBufferWriter<byte> buffer)
    {
        public void Byte(byte value)
        {
            buffer.GetSpan(1)[0] = value;
            buffer.Advance(1);
        }

        public void Int(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(buffer.GetSpan(4), value);
            buffer.Advance(4);
        }

        public void Long(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(buffer.GetSpan(8), value);
            buffer.Advance(8);
        }

        public void Raw(ReadOnlySpan<byte> bytes) => buffer.Write(bytes);

        public void Text(string text)
        {
            var length = Encoding.UTF8.GetByteCount(text);
            Int(length);
            Encoding.UTF8.GetBytes(text, buffer.GetSpan(length));
            buffer.Advance(length);
        }

        public void Optional(string? text)
        {
            Byte(text is null ? (byte)0 : (byte)1);
            if (text is not null) Text(text);
        }

        public void Texts(ImmutableArray<string> texts)
        {
            Int(texts.Length);
            foreach (var text in texts) Text(text);
        }
    }

    /// <summary>Reads within bounds; once anything is wrong it stays <see cref="Failed"/> and yields empty values.</summary>
    private struct Reader(ReadOnlyMemory<byte> bytes)
    {
        private int _at;

        public bool Failed { get; private set; }

        public readonly bool AtEnd => _at == bytes.Length;

        public void Fail() => Failed = true;

        public ReadOnlyMemory<byte> Raw(int length)
        {
            if (Failed || length < 0 || length > bytes.Length - _at)
            {
                Failed = true;
                return default;
            }
            var slice = bytes.Slice(_at, length);
            _at += length;
            return slice;
        }

        public byte Byte() => Raw(1) is { Length: 1 } b ? b.Span[0] : (byte)0;

        public int Int() => Raw(4) is { Length: 4 } b ? BinaryPrimitives.ReadInt32LittleEndian(b.Span) : 0;

        public long Long() => Raw(8) is { Length: 8 } b ? BinaryPrimitives.ReadInt64LittleEndian(b.Span) : 0;

        public int Count()
        {
            var count = Int();
            if (count is >= 0 and <= MaxItems) return count;
            Failed = true;
            return 0;
        }

        public DateTimeOffset Time()
        {
            var ticks = Long();
            if (ticks >= DateTimeOffset.MinValue.Ticks && ticks <= DateTimeOffset.MaxValue.Ticks) return new(ticks, TimeSpan.Zero);
            Failed = true;
            return default;
        }

        public TimeSpan Duration()
        {
            var ticks = Long();
            if (ticks >= 0 && ticks <= s_longest.Ticks) return new(ticks);
            Failed = true;
            return default;
        }

        public string Text() => Encoding.UTF8.GetString(Raw(Int()).Span);

        public string? Optional() => Byte() == 1 ? Text() : null;

        /// <summary>The name of a field: of those that everybody uses there is one string for all entries.</summary>
        public string Name()
        {
            var bytes = Raw(Int()).Span;
            Span<char> text = stackalloc char[LongestKnownName];
            if (bytes.Length <= text.Length && Ascii.ToUtf16(bytes, text, out var length) == OperationStatus.Done && s_knownNames.TryGetValue(text[..length], out var known)) return known;
            return Encoding.UTF8.GetString(bytes);
        }

        public ImmutableArray<string> Texts() => Texts(Count());

        public ImmutableArray<string> Texts(int count)
        {
            if (count == 0) return [];
            var texts = ImmutableArray.CreateBuilder<string>(count);
            for (var i = 0; i < count && !Failed; i++) texts.Add(Text());
            return texts.DrainToImmutable();
        }
    }
}
