using System.Threading.Channels;
using CacheProxy.Engine.Http;
using CacheProxy.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Caching.Serving;

/// <summary>
/// Makes the codings of stored responses behind the requests: once an entry, one at a time, so that compressing never takes more than one
/// core from serving. What does not fit into the queue is asked for again by the next request.
/// </summary>
internal sealed class Compressor(MemoryTier memory) : BackgroundService
{
    private const int MaxQueued = 1_024;
    private readonly Channel<(MemoryEntry Entry, Coding Coding)> _queue = Channel.CreateBounded<(MemoryEntry, Coding)>(
        new BoundedChannelOptions(MaxQueued) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private Negotiation? _last;

    /// <summary>What a request wants; the outcome for the value seen last is remembered, since clients send few different ones.</summary>
    public Negotiation Negotiate(StringValues acceptEncoding)
    {
        var last = Volatile.Read(ref _last);
        if (last is not null && acceptEncoding.Count == 1 && string.Equals(last.Text, acceptEncoding[0], StringComparison.Ordinal)) return last;
        var made = new Negotiation(acceptEncoding.Count == 1 ? acceptEncoding[0] : null, ContentCoding.Negotiate(acceptEncoding), ContentCoding.Accepts(acceptEncoding, default));
        Volatile.Write(ref _last, made);
        return made;
    }

    /// <summary>Has the coding made that a request would take, if the response may have one.</summary>
    public void Consider(MemoryEntry entry, StringValues acceptEncoding)
    {
        if (acceptEncoding.Count > 0 && Negotiate(acceptEncoding).Coding is { } coding && coding != Coding.Identity && entry.Response.MayCompress) Ask(entry, coding);
    }

    /// <summary>Has a coding made later.</summary>
    public void Ask(MemoryEntry entry, Coding coding)
    {
        if (!entry.Response.Coded.IsSettled(coding)) _queue.Writer.TryWrite((entry, coding));
    }

    /// <summary>Makes a coding now, for a request that takes nothing else.</summary>
    public byte[]? Make(MemoryEntry entry, Coding coding)
    {
        var coded = entry.Response.Coded.Make(coding);
        memory.Recount(entry);
        return coded;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first await: what is queued while the host starts must not hold the start up.
        await Task.Yield();
        try
        {
            await foreach (var (entry, coding) in _queue.Reader.ReadAllAsync(stoppingToken))
                if (!entry.Response.Coded.IsSettled(coding)) Make(entry, coding);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }
}

/// <summary>What an <c>Accept-Encoding</c> comes to.</summary>
/// <param name="Text">The field; <see langword="null"/> when it came in several lines.</param>
/// <param name="Coding">The best of our codings; <see langword="null"/> when none is acceptable.</param>
/// <param name="IdentityToo">Whether the plain form is acceptable as well.</param>
internal sealed record Negotiation(string? Text, Coding? Coding, bool IdentityToo);
