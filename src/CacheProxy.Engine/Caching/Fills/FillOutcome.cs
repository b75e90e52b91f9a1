using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>What a fill has come to, as soon as the head is known.</summary>
internal abstract record FillOutcome
{
    private FillOutcome()
    {
    }

    /// <summary>The origin answers; the body is on its way.</summary>
    /// <param name="Status">The status code.</param>
    /// <param name="Headers">The fields to send to the one who asked.</param>
    /// <param name="Prototype">What will be stored, without its body; <see langword="null"/> when it is for the one who asked alone.</param>
    /// <param name="Reason">Why it is not stored.</param>
    public sealed record Responding(int Status, HeaderFields Headers, StoredResponse? Prototype, Storable Reason) : FillOutcome
    {
        /// <summary>The announced length of the body, if there is one.</summary>
        public long? ContentLength { get; init; }

        /// <summary>Up to this length a body of known length is sent once it is whole: then it has its entity tag (DESIGN 3).</summary>
        private const long LongestSentWhole = 64 * 1_024;

        /// <summary>Whether every client gets it when it is whole. A part goes as it came: it is what was asked for.</summary>
        public bool IsSentWhole => Prototype is not null && Status != 206 && ContentLength <= LongestSentWhole;

        /// <summary>The length that a head announces.</summary>
        public static long? LengthOf(HeaderFields headers) =>
            headers["Content-Length"] is [{ } text] && long.TryParse(text, System.Globalization.NumberStyles.None, null, out var length) ? length : null;
    }

    /// <summary>A stored response answers: stored meanwhile, found in the shared tier, confirmed by the origin, or stale in place of an error.</summary>
    /// <param name="Entry">The response.</param>
    /// <param name="Result">Which of these.</param>
    /// <param name="Stale">Why a stale one is served.</param>
    public sealed record Serving(MemoryEntry Entry, CacheResult Result, StaleReason? Stale) : FillOutcome;

    /// <summary>There is no answer.</summary>
    public sealed record Failed(FillFailure Failure) : FillOutcome;
}

/// <summary>Why a fill has no answer.</summary>
internal enum FillFailure
{
    /// <summary>502: no connection, or what came was not HTTP.</summary>
    Unreachable,

    /// <summary>504: the origin did not answer in time.</summary>
    TimedOut,

    /// <summary>502: a status that answers a question we did not ask (304 without validator, 206 without range).</summary>
    Unasked,

    /// <summary>503: too many fills are running for this cluster.</summary>
    Rejected,

    /// <summary>Given up because nobody waited any more.</summary>
    Canceled,
}
