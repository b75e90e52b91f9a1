namespace CacheProxy.Hosting.Requests;

/// <summary>
/// The border between the threads that read sockets and the pool. Kestrel runs requests on the thread that read them, which saves a hit
/// the way through the pool's queue, a quarter of its whole cost (docs/decisions/0007). Whatever is not answered before this step may take
/// its time, and must not keep the other connections of that thread waiting.
/// </summary>
internal sealed class PoolMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        // There is no synchronisation context, so this continues on the pool.
        await Task.Yield();
        await next(context);
    }
}
