using System.Collections.Immutable;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Storage;

/// <summary>
/// A stored response (RFC 9111 §3): what was answered, to what, and until when it is good. Immutable: a validation or an update makes
/// a new one.
/// </summary>
public sealed record StoredResponse
{
    /// <summary>SHA-256 of all that was keyed, before variants; compared at every lookup.</summary>
    public required Hash256 Identity { get; init; }

    /// <summary>The name in the shared tier, before variants.</summary>
    public required string Name { get; init; }

    /// <summary>What a purge by key or pattern names.</summary>
    public required string PrimaryKey { get; init; }

    /// <summary>The name of the policy under which it was stored.</summary>
    public required string Policy { get; init; }

    /// <summary>Of the policy's key, tags and access; another one is a miss.</summary>
    public required ulong Fingerprint { get; init; }

    /// <summary>The policy's tags, those that the origin added and the implicit <c>uri:</c> tag.</summary>
    public required ImmutableArray<string> Tags { get; init; }

    /// <summary>The position that was applied before anything that this is made from was asked for (INVALIDATION 1).</summary>
    public required Position Stamp { get; init; }

    /// <summary>The request fields that selected it (RFC 9111 §4.1); empty when it answers every request for its key.</summary>
    public ImmutableArray<SelectingField> Selecting { get; init; } = [];

    /// <summary>The status code.</summary>
    public required int Status { get; init; }

    /// <summary>The header fields to send, without those of one connection or one request.</summary>
    public required HeaderFields Headers { get; init; }

    /// <summary>The body, as it came.</summary>
    public required ReadOnlyMemory<byte> Body
    {
        get;
        init
        {
            field = value;
            _coded = null;
        }
    }

    /// <summary>The body in our codings. Another body has others: to keep them, set it after <see cref="Body"/>.</summary>
    public CodedBodies Coded
    {
        get => Volatile.Read(ref _coded) ?? Interlocked.CompareExchange(ref _coded, new CodedBodies(Body), null) ?? _coded!;
        internal init => _coded = value;
    }

    // Only what is coded, or asked for in a coding, has any.
    private CodedBodies? _coded;

    /// <summary>Whether we may compress it, and it is worth it.</summary>
    public bool MayCompress => ContentCoding.MayCompress(Status, Headers, Body.Length);

    /// <summary>When the request for it was sent.</summary>
    public required DateTimeOffset RequestTime { get; init; }

    /// <summary>When its head arrived.</summary>
    public required DateTimeOffset ResponseTime { get; init; }

    /// <summary>The corrected initial age of RFC 9111 §4.2.3.</summary>
    public required TimeSpan InitialAge { get; init; }

    /// <summary>It is fresh while its current age is below this. An explicit TTL is added to <see cref="InitialAge"/>: it counts from the arrival.</summary>
    public required TimeSpan FreshUntilAge { get; init; }

    /// <summary>How long after it became stale it may be served while it is refreshed.</summary>
    public TimeSpan StaleWhileRevalidate { get; init; }

    /// <summary>How long after it became stale it may be served instead of an error.</summary>
    public TimeSpan StaleIfError { get; init; }

    /// <summary>It must be validated before each use (<c>no-cache</c>).</summary>
    public bool AlwaysValidate { get; init; }

    /// <summary>It must not be served stale (<c>must-revalidate</c> and its kin).</summary>
    public bool MustRevalidate { get; init; }

    /// <summary>The entity tag that we made of the body, quotes included; <see langword="null"/> when the origin gave one, or there is no body to tag.</summary>
    public string? EntityTag { get; init; }

    /// <summary>How long the origin took: what each hit saves.</summary>
    public TimeSpan FillTime { get; init; }

    /// <summary>Of a part: the <c>Range</c> that it answered, as the request wrote it; <see langword="null"/> once it is made of several.</summary>
    public string? AskedRange { get; init; }

    /// <summary>Whether it holds a part of the representation only (206). Parts stay in memory: under a name in the shared tier stands a whole.</summary>
    public bool IsPartial => Status == 206;

    /// <summary>How long it is of any use, from the arrival of its head: freshness, stale windows, and time to be validated.</summary>
    public TimeSpan Usefulness
    {
        get
        {
            var fresh = FreshUntilAge - InitialAge;
            if (fresh < TimeSpan.Zero) fresh = TimeSpan.Zero;
            var stale = StaleWhileRevalidate > StaleIfError ? StaleWhileRevalidate : StaleIfError;
            return fresh + (stale > KeptForValidation ? stale : KeptForValidation);
        }
    }

    /// <summary>A stale response with a validator stays this long, so that a 304 can save its transfer.</summary>
    private TimeSpan KeptForValidation => HasValidator ? s_keptForValidation : TimeSpan.Zero;

    /// <summary>Whether the origin gave it a validator.</summary>
    public bool HasValidator { get; init; }

    private static readonly TimeSpan s_keptForValidation = TimeSpan.FromMinutes(5);

    /// <summary>What it costs in memory, in bytes, roughly: the objects around it are counted at a flat rate.</summary>
    public long Size
    {
        get
        {
            long size = 1_024 + Body.Length + (Volatile.Read(ref _coded)?.Size ?? 0) + 2L * (Name.Length + PrimaryKey.Length);
            foreach (var (name, values) in Headers)
            {
                size += 64 + 2L * name.Length;
                foreach (var value in values) size += 2L * (value?.Length ?? 0);
            }
            foreach (var tag in Tags) size += 32 + 2L * tag.Length;
            return size;
        }
    }
}

/// <summary>One field that the origin's <c>Vary</c> names, with what the request said.</summary>
/// <param name="Name">The field's name in lower case.</param>
/// <param name="Value">The request's value in normal form; <see langword="null"/> when it was absent.</param>
public readonly record struct SelectingField(string Name, string? Value);
