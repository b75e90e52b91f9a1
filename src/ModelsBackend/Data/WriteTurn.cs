namespace ModelsBackend.Data;

/// <summary>
/// One writer at a time in this process. SQLite has no more in any case; but who waits for it in the driver blocks a thread of the pool, and
/// looks again every 150 ms only, so that many changes at once and the delivery of their events would starve each other.
/// </summary>
public sealed class WriteTurn : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Waits for the turn; disposing of what it gives ends it.</summary>
    public async Task<IDisposable> TakeAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        return new Held(_turn);
    }

    public void Dispose() => _turn.Dispose();

    private sealed class Held(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
