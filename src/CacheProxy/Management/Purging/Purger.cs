using System.Text.Encodings.Web;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Management.Purging;

/// <summary>
/// The one way from an endpoint to the log: records, waits until it is true everywhere, and only then counts what it took. What cannot be
/// recorded is a 503 with <c>Retry-After</c>, never a false 200.
/// </summary>
internal sealed partial class Purger(IInvalidationLog log, IEntryCatalog catalog, ILogger<Purger> logger)
{
    /// <summary>A record of the log holds 64 KiB; this is left for the names, as JSON writes them.</summary>
    private const int MaxNameBytes = 60 * 1024;

    /// <summary>Whether the log could not take it as one record, for then it must not take a part of it.</summary>
    public static Problem? TooLarge(Invalidation invalidation)
    {
        if (invalidation.Count > Invalidation.MaxNames) return Problems.TooManyNames(invalidation.Count);
        long bytes = 0;
        foreach (var names in (ReadOnlySpan<IEnumerable<string>>)[invalidation.Keys, invalidation.Tags, invalidation.Patterns])
            foreach (var name in names)
                bytes += JavaScriptEncoder.Default.Encode(name).Length + 3;
        return bytes <= MaxNameBytes
            ? null
            : Problems.TooLarge($"The names take {bytes} bytes; at most {MaxNameBytes} fit into one record. Nothing was purged. Send several invalidations.");
    }

    /// <summary>Records and waits.</summary>
    /// <returns>The receipt; null when the answer (503) has been written.</returns>
    public async Task<Receipt?> AppendAsync(HttpContext context, Invalidation invalidation, InvalidationSource source, string? purgeId, string caller)
    {
        try
        {
            var receipt = await log.AppendAsync(invalidation, source, purgeId, context.RequestAborted);
            LogPurged(logger, Summary(invalidation), caller, source, receipt.Position.Sequence, receipt.Confirmed, receipt.WaitedOut, receipt.Elapsed.TotalMilliseconds);
            return receipt;
        }
        catch (InvalidationNotRecordedException exception)
        {
            LogNotRecorded(logger, exception, caller);
            await new Problem(StatusCodes.Status503ServiceUnavailable, "invalidation-not-recorded", "Invalidation not recorded",
                "The purge could not be recorded, or nobody knows whether it was, so it is not acknowledged. Send it again, with the same id.").WriteAsync(context, exception.RetryAfter);
            return null;
        }
    }

    /// <summary>Records and waits, then removes and counts (at most 5 s).</summary>
    public async Task<(Receipt Receipt, EntryCount Count)?> PurgeAsync(HttpContext context, Invalidation invalidation, InvalidationSource source, string caller)
    {
        if (await AppendAsync(context, invalidation, source, null, caller) is not { } receipt) return null;
        return (receipt, await catalog.RemoveAsync(invalidation, context.RequestAborted));
    }

    /// <summary>The receipt as JSON.</summary>
    public static ReceiptBody Describe(Receipt receipt, EntryCount? count = null) => new(
        receipt.Position.Sequence,
        $"{receipt.Position.Epoch.Number}-{receipt.Position.Epoch.Nonce}",
        new(receipt.Confirmed, receipt.WaitedOut),
        Math.Round(receipt.Elapsed.TotalMilliseconds, 2),
        count?.Matched,
        count is null ? null : Counted(count));

    /// <summary>Whether a count is complete, as the contract writes it.</summary>
    public static string Counted(EntryCount count) => count.Complete ? "all" : "partial";

    /// <summary>What was purged, for the log: a few names, escaped, so that no name can forge a line.</summary>
    private static string Summary(Invalidation invalidation)
    {
        if (invalidation.Everything) return "everything";
        const int Shown = 3, Longest = 100;
        var names = invalidation.Keys.Select(key => "key " + key)
            .Concat(invalidation.Tags.Select(tag => "tag " + tag))
            .Concat(invalidation.Patterns.Select(pattern => "pattern " + pattern))
            .Take(Shown)
            .Select(name => JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(name.Length <= Longest ? name : name[..Longest] + "…"));
        return string.Join(", ", names) + (invalidation.Count > Shown ? $" and {invalidation.Count - Shown} more" : "");
    }

    [LoggerMessage(7201, LogLevel.Information, "Purged {What} for {Caller} ({Source}): position {Position}, {Confirmed} replica(s) confirmed, {WaitedOut} waited out, {Milliseconds:F1} ms.")]
    private static partial void LogPurged(ILogger logger, string what, string caller, InvalidationSource source, long position, int confirmed, int waitedOut, double milliseconds);

    [LoggerMessage(7202, LogLevel.Warning, "A purge for {Caller} could not be recorded and was answered with 503. Its sender must send it again; check Redis.")]
    private static partial void LogNotRecorded(ILogger logger, Exception exception, string caller);
}
