using System.Collections.Concurrent;
using System.Globalization;

namespace EndToEnd.Purges;

/// <summary>What a run came to.</summary>
internal sealed record PurgeReport(long Acknowledged, long Refused, long Reads, long Hits, IReadOnlyCollection<string> Violations, IReadOnlyDictionary<string, long> Refusals)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Acknowledged} purges acknowledged, {Refused} refused ({string.Join(", ", Refusals.Select(r => $"{r.Key}: {r.Value}"))}), {Reads} reads, {Hits} of them hits, {Violations.Count} violations {string.Join("; ", Violations.Take(5))}");
}

/// <summary>
/// Writers commit versions and have them purged through any replica; readers at all replicas hold each answer against what had been
/// acknowledged when they began. A refused purge promises nothing; it is sent again until it is acknowledged.
/// </summary>
internal sealed class PurgeChecker(VersionedOrigin origin, IReadOnlyList<Uri> proxies, int seed) : IDisposable
{
    // Each has one request under way: enough for purges that overlap in every way.
    private const int Writers = 12;
    private const int ReadersPerProxy = 12;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) }) { Timeout = TimeSpan.FromSeconds(15) };
    private readonly long[] _promised = new long[VersionedOrigin.Count];
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<string, long> _refusals = new();
    private readonly TimeProvider _time = TimeProvider.System;
    private long _acknowledged;
    private long _refused;
    private long _reads;
    private long _hits;
    private volatile bool _ended;

    public PurgeReport Report => new(_acknowledged, _refused, _reads, _hits, _violations, _refusals);

    /// <summary>Runs until so many purges are acknowledged, or the time is over.</summary>
    public async Task<PurgeReport> RunAsync(long purges, TimeSpan limit)
    {
        var started = _time.GetTimestamp();
        var readers = Enumerable.Range(0, proxies.Count * ReadersPerProxy).Select(i => Task.Run(() => ReadAsync(proxies[i % proxies.Count], seed + i))).ToArray();
        var writers = Enumerable.Range(0, Writers).Select(i => Task.Run(() => WriteAsync(
            i, () => Interlocked.Read(ref _acknowledged) < purges && _time.GetElapsedTime(started) < limit && _violations.IsEmpty))).ToArray();
        await Task.WhenAll(writers);
        _ended = true;
        await Task.WhenAll(readers);
        return Report;
    }

    public void Dispose() => _http.Dispose();

    private async Task WriteAsync(int writer, Func<bool> goesOn)
    {
        var random = new Random(seed + (1_000 * writer));
        var sender = new PurgeSender(_http);
        for (var i = 0; goesOn(); i++)
        {
            var (group, id, way) = (random.Next(VersionedOrigin.Groups), random.Next(VersionedOrigin.ItemsPerGroup), random.Next(PurgeSender.Ways));
            int[] changed = PurgeSender.IsOfGroup(way)
                ? [.. Enumerable.Range(0, VersionedOrigin.ItemsPerGroup).Select(item => VersionedOrigin.IndexOf(group, item))]
                : [VersionedOrigin.IndexOf(group, id)];
            var versions = changed.Select(origin.Commit).ToArray();
            var eventId = string.Create(CultureInfo.InvariantCulture, $"{seed}-{writer}-{i}");
            var status = 0;
            while (goesOn() && (status = await sender.SendAsync(proxies[random.Next(proxies.Count)], way, group, id, eventId)) != 200)
            {
                Interlocked.Increment(ref _refused);
                _refusals.AddOrUpdate(status == 0 ? "no answer" : status.ToString(CultureInfo.InvariantCulture), 1, static (_, n) => n + 1);
                await Task.Delay(s_pause, _time);
            }

            if (status != 200) continue;
            Interlocked.Increment(ref _acknowledged);
            for (var at = 0; at < changed.Length; at++) Raise(ref _promised[changed[at]], versions[at]);
        }
    }

    private async Task ReadAsync(Uri proxy, int readerSeed)
    {
        var random = new Random(readerSeed);
        while (!_ended)
        {
            var index = random.Next(VersionedOrigin.Count);
            // Twice: each item is purged so often that otherwise hardly anything would be found in a cache.
            await LookAsync(proxy, index);
            await LookAsync(proxy, index);
        }
    }

    private async Task LookAsync(Uri proxy, int index)
    {
        var least = Interlocked.Read(ref _promised[index]);
        try
        {
            using var response = await _http.GetAsync(new Uri(proxy, VersionedOrigin.TargetOf(index)));
            if (!response.IsSuccessStatusCode) return;
            var text = await response.Content.ReadAsStringAsync();
            var version = long.Parse(text, CultureInfo.InvariantCulture);
            var cache = response.Headers.TryGetValues("X-Cache", out var values) ? values.First() : "";
            Interlocked.Increment(ref _reads);
            if (cache == "HIT") Interlocked.Increment(ref _hits);
            if (version >= least) return;
            response.Headers.TryGetValues("Cache-Status", out var why);
            _violations.Enqueue($"{proxy}{VersionedOrigin.TargetOf(index)}: {version} although {least} was acknowledged ({cache}, {string.Join(' ', why ?? [])})");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            await Task.Delay(s_pause, _time);
        }
    }

    private static void Raise(ref long value, long to)
    {
        for (var seen = Interlocked.Read(ref value); to > seen; seen = Interlocked.Read(ref value))
            if (Interlocked.CompareExchange(ref value, to, seen) == seen) return;
    }
}
