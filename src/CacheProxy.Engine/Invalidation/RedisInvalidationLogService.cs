using Microsoft.Extensions.Hosting;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Joins the log before the server listens (DESIGN 11): after the first lease, or after 1 s without one. Hosted services end in the opposite
/// order, so that the log is left when the last request has been answered.
/// </summary>
internal sealed class RedisInvalidationLogService(RedisInvalidationLog log, TimeProvider time) : IHostedService
{
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(1);

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        log.Start();
        try
        {
            await log.FirstLease.WaitAsync(s_longestWait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // Requests go to the origin until Redis is there.
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(log.Stop, CancellationToken.None);
}
