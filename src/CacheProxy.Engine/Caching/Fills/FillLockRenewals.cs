using System.Collections.Concurrent;
using StackExchange.Redis;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// Renews the locks that are held, on a thread of its own: the pool may be full of the very requests that a lock keeps from the origin, and a
/// timer's turn would come after theirs.
/// </summary>
/// <param name="interval">How often; a fraction of what a lock lives.</param>
internal sealed class FillLockRenewals(TimeSpan interval) : IDisposable
{
    private readonly ConcurrentDictionary<object, Action> _held = new();
    private readonly AutoResetEvent _added = new(false);
    private readonly ManualResetEvent _stopping = new(false);
    private Thread? _thread;

    /// <summary>Renews from now on.</summary>
    /// <param name="holder">Who holds the lock.</param>
    /// <param name="renew">Sends the renewal, and waits for nothing.</param>
    public void Add(object holder, Action renew)
    {
        _held[holder] = renew;
        if (_thread is null) Start();
        _added.Set();
    }

    /// <summary>Renews no more.</summary>
    public void Remove(object holder) => _held.TryRemove(holder, out _);

    public void Dispose()
    {
        _stopping.Set();
        _added.Set();
    }

    private void Start()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "fill locks" };
        if (Interlocked.CompareExchange(ref _thread, thread, null) is null) thread.Start();
    }

    private void Run()
    {
        while (true)
        {
            if (_held.IsEmpty) _added.WaitOne();
            // Most fills end before their first renewal.
            if (_stopping.WaitOne(interval)) return;
            foreach (var (_, renew) in _held) Renew(renew);
        }
    }

    private static void Renew(Action renew)
    {
        try
        {
            renew();
        }
        catch (Exception exception) when (exception is RedisException or ObjectDisposedException)
        {
            // The lock lapses, which is what it is for.
        }
    }
}
