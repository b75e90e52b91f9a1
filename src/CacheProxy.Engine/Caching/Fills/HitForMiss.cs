using System.Collections.Concurrent;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// Keys whose last response could not be stored: for a while requests for them do not wait for each other. Only a hint, so it needs no
/// validity, and forgetting all of it when it grows too long costs one wait per key.
/// </summary>
internal sealed class HitForMiss(TimeSpan life, TimeProvider time)
{
    private const int MaxMarks = 100_000;
    private readonly ConcurrentDictionary<Hash256, long> _marks = new();
    private int _count;

    public void Mark(in Hash256 key)
    {
        if (Interlocked.Increment(ref _count) > MaxMarks)
        {
            _marks.Clear();
            Volatile.Write(ref _count, 1);
        }
        _marks[key] = time.GetTimestamp();
    }

    public bool IsMarked(in Hash256 key)
    {
        if (_marks.IsEmpty || !_marks.TryGetValue(key, out var marked)) return false;
        if (time.GetElapsedTime(marked) < life) return true;
        if (_marks.TryRemove(key, out _)) Interlocked.Decrement(ref _count);
        return false;
    }

    public void Clear(in Hash256 key)
    {
        if (!_marks.IsEmpty && _marks.TryRemove(key, out _)) Interlocked.Decrement(ref _count);
    }
}
