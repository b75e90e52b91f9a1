namespace CacheProxy.Engine.Caching.Fills;

/// <summary>The memory that all running fills may hold together; beyond it a fill streams through, unstored.</summary>
internal sealed class FillBudget(long limit)
{
    private long _held;

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _held, bytes) <= limit) return true;
        Interlocked.Add(ref _held, -bytes);
        return false;
    }

    public void GiveBack(long bytes) => Interlocked.Add(ref _held, -bytes);
}
