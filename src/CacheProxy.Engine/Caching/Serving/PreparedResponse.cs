using System.Collections.Frozen;
using System.Globalization;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>
/// A stored response's fields made ready once for all hits: known ones by typed setters, those of a 304 apart, and the two texts that
/// depend on the age made anew once a second.
/// </summary>
internal sealed class PreparedResponse
{
    private readonly Field[] _fields;
    private readonly StringValues _cacheStatusBefore;
    private AgeTexts? _texts;
    private PreparedResponse? _brotli;
    private PreparedResponse? _gzip;

    /// <param name="response">What is stored.</param>
    /// <param name="coding">In which form it is sent.</param>
    public PreparedResponse(StoredResponse response, Coding coding = Coding.Identity)
    {
        Coding = coding;
        IsCompressible = response.MayCompress;
        Sent = FieldsOf(response, coding, IsCompressible);
        var left = 0;
        foreach (var (name, _) in Sent)
            if (!IsWrittenApart(name)) left++;
        _fields = new Field[left + 1];
        _fields[left] = new Field(HeaderNames.Via, StringValues.Concat(response.Headers[HeaderNames.Via], ViaText.Value));
        foreach (var (name, values) in Sent)
            if (!IsWrittenApart(name)) _fields[^(left-- + 1)] = new Field(name, values);
        _cacheStatusBefore = response.Headers["Cache-Status"];
    }

    /// <summary>The coding of this form.</summary>
    public Coding Coding { get; }

    /// <summary>Whether there are other forms of it: then all of them say so in <c>Vary</c>.</summary>
    public bool IsCompressible { get; }

    /// <summary>The entity tag of this form, if it has one. Few requests ask for it.</summary>
    public EntityTag? Tag => EntityTag.TryParse(Sent[HeaderNames.ETag], out var tag) ? tag : null;

    /// <summary>The fields with the entity tag that is sent: what a request's conditions are about.</summary>
    public HeaderFields Sent { get; }

    /// <summary>The same response in a coding of ours.</summary>
    public PreparedResponse In(Coding coding, StoredResponse response) => coding switch
    {
        Coding.Brotli => _brotli ??= new PreparedResponse(response, coding),
        Coding.Gzip => _gzip ??= new PreparedResponse(response, coding),
        _ => this,
    };

    /// <summary>The body of this form.</summary>
    public ReadOnlyMemory<byte> BodyOf(StoredResponse response) => Coding == Coding.Identity ? response.Body : response.Coded.Make(Coding);

    public static PreparedResponse Of(MemoryEntry entry) =>
        (PreparedResponse)(entry.Prepared ??= new PreparedResponse(entry.Response));

    /// <summary>For an entry that has not been hit yet, and may never be: nothing is kept with it.</summary>
    public static PreparedResponse Once(MemoryEntry entry) => entry.Prepared as PreparedResponse ?? new PreparedResponse(entry.Response);

    public void WriteFields(IHeaderDictionary headers)
    {
        foreach (ref readonly var field in _fields.AsSpan()) field.Set(headers);
    }

    public void WriteFieldsOf304(IHeaderDictionary headers)
    {
        foreach (ref readonly var field in _fields.AsSpan())
            if (field.In304) field.Set(headers);
    }

    /// <summary>The texts of a hit at this age; the same objects for all hits of a second.</summary>
    public AgeTexts TextsAt(TimeSpan age, TimeSpan freshUntil)
    {
        var second = (long)age.TotalSeconds;
        var texts = _texts;
        if (texts is not null && texts.Second == second) return texts;
        var status = CacheStatusText.For(new Answer(CacheResult.Hit), freshUntil - age);
        return _texts = new AgeTexts(second, second.ToString(CultureInfo.InvariantCulture), WithStatusBefore(status));
    }

    public StringValues WithStatusBefore(string status) => _cacheStatusBefore.Count == 0 ? status : StringValues.Concat(_cacheStatusBefore, status);

    private static HeaderFields FieldsOf(StoredResponse response, Coding coding, bool varies)
    {
        var tag = TagOf(response, coding);
        var vary = varies ? CodedFields.VaryOf(response.Headers) : default;
        var fields = (tag, vary.Count) switch
        {
            (null, 0) => response.Headers,
            (null, _) => response.Headers.With(HeaderNames.Vary, vary),
            (_, 0) => response.Headers.With(HeaderNames.ETag, tag),
            _ => response.Headers.With([new(HeaderNames.ETag, tag), new(HeaderNames.Vary, vary)]),
        };
        return coding == Coding.Identity ? fields : CodedFields.Of(fields, coding);
    }

    // The origin's own stays as it is on the form that the origin sent.
    private static string? TagOf(StoredResponse response, Coding coding)
    {
        if (coding == Coding.Identity) return response.EntityTag;
        var plain = response.EntityTag is { } made ? new StringValues(made) : response.Headers[HeaderNames.ETag];
        return EntityTag.TryParse(plain, out var tag) ? CodedTags.Of(tag, coding).ToString() : null;
    }

    private static bool IsWrittenApart(string name) => Is(name, HeaderNames.ContentLength) || Is(name, HeaderNames.Via) || Is(name, "Cache-Status");

    private static bool Is(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);

    internal sealed record AgeTexts(long Second, StringValues Age, StringValues CacheStatus);

    private readonly struct Field
    {
        // In a 304: RFC 9110 §15.4.5, and those that say what was done here.
        private static readonly FrozenDictionary<string, (Known Known, bool In304)> s_known = new Dictionary<string, (Known, bool)>
        {
            [HeaderNames.ContentType] = (Known.ContentType, false),
            [HeaderNames.CacheControl] = (Known.CacheControl, true),
            [HeaderNames.ContentLocation] = (Known.None, true),
            [HeaderNames.Date] = (Known.Date, true),
            [HeaderNames.ETag] = (Known.ETag, true),
            [HeaderNames.LastModified] = (Known.LastModified, true),
            [HeaderNames.Expires] = (Known.Expires, true),
            [HeaderNames.Vary] = (Known.Vary, true),
            [HeaderNames.Via] = (Known.Via, true),
            [HeaderNames.Server] = (Known.Server, false),
            [HeaderNames.ContentEncoding] = (Known.ContentEncoding, false),
        }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

        private readonly Known _known;
        private readonly string _name;
        private readonly StringValues _values;

        public Field(string name, StringValues values)
        {
            _name = name;
            _values = values;
            (_known, In304) = s_known.GetValueOrDefault(name);
            In304 = In304 || name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase);
        }

        public bool In304 { get; }

        public void Set(IHeaderDictionary headers)
        {
            switch (_known)
            {
                case Known.ContentType: headers.ContentType = _values; break;
                case Known.CacheControl: headers.CacheControl = _values; break;
                case Known.Date: headers.Date = _values; break;
                case Known.ETag: headers.ETag = _values; break;
                case Known.LastModified: headers.LastModified = _values; break;
                case Known.Expires: headers.Expires = _values; break;
                case Known.Vary: headers.Vary = _values; break;
                case Known.Via: headers.Via = _values; break;
                case Known.Server: headers.Server = _values; break;
                case Known.ContentEncoding: headers.ContentEncoding = _values; break;
                default: headers[_name] = _values; break;
            }
        }
    }

    private enum Known
    {
        None,
        ContentType,
        CacheControl,
        Date,
        ETag,
        LastModified,
        Expires,
        Vary,
        Via,
        Server,
        ContentEncoding,
    }
}

/// <summary>Our member of <c>Via</c> (RFC 9110 §7.6.3).</summary>
internal static class ViaText
{
    public const string Value = "1.1 CacheProxy";
}
