using System.Collections.Immutable;

namespace CacheProxy.Engine.Http;

/// <summary>Collects directives one after the other, so that the most restrictive reading of all of them is left at the end.</summary>
internal ref struct CacheControlReader
{
    // More names than any origin lists; beyond it the response counts as withheld as a whole.
    private const int MaxFields = 64;

    private Flags _flags;
    private TimeSpan? _maxAge, _sharedMaxAge, _staleWhileRevalidate, _staleIfError, _minFresh, _maxStale;
    private ImmutableArray<string> _noCacheFields, _privateFields;

    [Flags]
    private enum Flags
    {
        None = 0,
        NoStore = 1 << 0,
        NoCache = 1 << 1,
        Private = 1 << 2,
        Public = 1 << 3,
        MustRevalidate = 1 << 4,
        ProxyRevalidate = 1 << 5,
        MustUnderstand = 1 << 6,
        NoTransform = 1 << 7,
        Immutable = 1 << 8,
        OnlyIfCached = 1 << 9,
        Permissions = Public | MustUnderstand | Immutable,
    }

    public void Read(ReadOnlySpan<char> line)
    {
        var members = new ListReader(line);
        while (members.TryRead(out var member))
        {
            var equals = member.IndexOf('=');
            if (equals < 0)
            {
                Add(member, default, hasArgument: false, wellFormed: !members.Broken);
                continue;
            }
            var name = ListReader.Trim(member[..equals]);
            var argument = member[(equals + 1)..];
            // RFC 9110 §5.6.6 has no white space around "="; a lifetime written so is invalid, a restriction is one all the same.
            var wellFormed = !members.Broken && name.Length == equals && ListReader.Trim(argument).Length == argument.Length;
            Add(name, ListReader.Unquote(ListReader.Trim(argument)), hasArgument: true, wellFormed);
        }
    }

    public readonly CacheControl ToCacheControl() => new()
    {
        NoStore = Has(Flags.NoStore),
        NoCache = Has(Flags.NoCache),
        Private = Has(Flags.Private),
        Public = Has(Flags.Public),
        MustRevalidate = Has(Flags.MustRevalidate),
        ProxyRevalidate = Has(Flags.ProxyRevalidate),
        MustUnderstand = Has(Flags.MustUnderstand),
        NoTransform = Has(Flags.NoTransform),
        Immutable = Has(Flags.Immutable),
        OnlyIfCached = Has(Flags.OnlyIfCached),
        NoCacheFields = _noCacheFields.IsDefault ? [] : _noCacheFields,
        PrivateFields = _privateFields.IsDefault ? [] : _privateFields,
        MaxAge = _maxAge,
        SharedMaxAge = _sharedMaxAge,
        StaleWhileRevalidate = _staleWhileRevalidate,
        StaleIfError = _staleIfError,
        MinFresh = _minFresh,
        MaxStale = _maxStale,
    };

    private readonly bool Has(Flags flag) => (_flags & flag) != 0;

    private void Add(ReadOnlySpan<char> name, ReadOnlySpan<char> argument, bool hasArgument, bool wellFormed)
    {
        if (FieldSyntax.Is(name, "max-age")) Shorten(ref _maxAge, argument, wellFormed);
        else if (FieldSyntax.Is(name, "s-maxage")) Shorten(ref _sharedMaxAge, argument, wellFormed);
        else if (FieldSyntax.Is(name, "stale-while-revalidate")) Shorten(ref _staleWhileRevalidate, argument, wellFormed);
        else if (FieldSyntax.Is(name, "stale-if-error")) Shorten(ref _staleIfError, argument, wellFormed);
        else if (FieldSyntax.Is(name, "no-cache")) Restrict(Flags.NoCache, ref _noCacheFields, argument, hasArgument);
        else if (FieldSyntax.Is(name, "private")) Restrict(Flags.Private, ref _privateFields, argument, hasArgument);
        else if (FieldSyntax.Is(name, "min-fresh")) Lengthen(ref _minFresh, argument);
        else if (FieldSyntax.Is(name, "max-stale")) AddMaxStale(argument, hasArgument);
        else
        {
            var flag = FlagOf(name);
            if ((flag & Flags.Permissions) == 0 || (!hasArgument && wellFormed)) _flags |= flag;
        }
    }

    private static Flags FlagOf(ReadOnlySpan<char> name)
    {
        if (FieldSyntax.Is(name, "no-store")) return Flags.NoStore;
        if (FieldSyntax.Is(name, "public")) return Flags.Public;
        if (FieldSyntax.Is(name, "must-revalidate")) return Flags.MustRevalidate;
        if (FieldSyntax.Is(name, "proxy-revalidate")) return Flags.ProxyRevalidate;
        if (FieldSyntax.Is(name, "must-understand")) return Flags.MustUnderstand;
        if (FieldSyntax.Is(name, "no-transform")) return Flags.NoTransform;
        if (FieldSyntax.Is(name, "immutable")) return Flags.Immutable;
        return FieldSyntax.Is(name, "only-if-cached") ? Flags.OnlyIfCached : Flags.None;
    }

    private static void Shorten(ref TimeSpan? lifetime, ReadOnlySpan<char> argument, bool wellFormed)
    {
        if (!wellFormed || !FieldSyntax.TryParseDeltaSeconds(argument, out var value)) value = TimeSpan.Zero;
        if (lifetime is null || value < lifetime) lifetime = value;
    }

    // The request's wishes are advice (§5.2.1): one that cannot be read is none, of two the stricter counts.
    private static void Lengthen(ref TimeSpan? least, ReadOnlySpan<char> argument)
    {
        if (FieldSyntax.TryParseDeltaSeconds(argument, out var value) && (least is null || value > least)) least = value;
    }

    private void AddMaxStale(ReadOnlySpan<char> argument, bool hasArgument)
    {
        var value = TimeSpan.MaxValue;
        if (hasArgument && !FieldSyntax.TryParseDeltaSeconds(argument, out value)) return;
        if (_maxStale is null || value < _maxStale) _maxStale = value;
    }

    private void Restrict(Flags unqualified, ref ImmutableArray<string> fields, ReadOnlySpan<char> argument, bool hasArgument)
    {
        var names = fields.IsDefault ? [] : fields;
        var members = new ListReader(argument);
        while (hasArgument && members.TryRead(out var name))
        {
            // Without these the rest cannot be understood, so a response that withholds them is withheld as a whole.
            if (names.Length == MaxFields || !FieldSyntax.IsToken(name) || ConnectionFields.IsNeededByRecipients(name)) hasArgument = false;
            else names = names.Add(name.ToString().ToLowerInvariant());
        }
        if (!hasArgument || names.IsEmpty) _flags |= unqualified;
        fields = names;
    }
}
