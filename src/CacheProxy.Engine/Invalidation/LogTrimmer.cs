namespace CacheProxy.Engine.Invalidation;

/// <summary>Keeps the log within its bounds: whoever sees it too long removes a part, one call at a time. What is gone is invalid, never wrongly valid.</summary>
internal sealed class LogTrimmer(ILogTransport transport, ConsistencyOptions options, TimeProvider time)
{
    // Below the bound, so that not each append past it costs a trim of one record.
    private const double Share = 0.9;
    private int _busy;

    public TimeSpan? LongestEntryLife { get; set; }

    public void Look(Epoch epoch, long records, long bytes, long oldestTime)
    {
        var uselessBefore = LongestEntryLife is { } life ? (time.GetUtcNow() - life).ToUnixTimeSeconds() : 0;
        if (records <= options.LogLimit && bytes <= options.LogBytes && (oldestTime == 0 || oldestTime >= uselessBefore)) return;
        if (Interlocked.Exchange(ref _busy, 1) == 0) _ = TrimAsync(epoch, uselessBefore);
    }

    private async Task TrimAsync(Epoch epoch, long uselessBefore)
    {
        try
        {
            await transport.TrimAsync(epoch, new((long)(options.LogLimit * Share), (long)(options.LogBytes * Share), uselessBefore));
        }
        catch (LogTransportException)
        {
            // The next append or heartbeat sees it again.
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
