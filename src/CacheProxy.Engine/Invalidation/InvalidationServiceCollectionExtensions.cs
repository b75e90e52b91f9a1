using CacheProxy.Engine.Redis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace CacheProxy.Engine.Invalidation;

/// <summary>Registers the log of purges.</summary>
public static class InvalidationServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="IInvalidationLog"/> and <see cref="IModeSwitch"/>: over Redis if <paramref name="redis"/> names one, else of this
    /// process. With Redis also <see cref="RedisConnections"/>, for the shared tier. A hosted service joins the log at start, and waits for
    /// the first lease for at most 1 s; at the end it leaves it. <see cref="Telemetry.CacheMetrics"/> must be registered.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of its bounds; all of them are named.</exception>
    public static IServiceCollection AddInvalidation(this IServiceCollection services, ConsistencyOptions consistency, RedisOptions redis)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(consistency);
        ArgumentNullException.ThrowIfNull(redis);
        var errors = new List<string>();
        consistency.Validate(errors);
        redis.Validate(errors);
        if (errors.Count > 0) throw new ArgumentException(string.Join(Environment.NewLine, errors));

        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(consistency);
        services.AddSingleton(redis);
        if (redis.ConnectionString is null)
        {
            services.AddSingleton<LocalInvalidationLog>();
            services.AddSingleton<IInvalidationLog>(p => p.GetRequiredService<LocalInvalidationLog>());
            services.AddSingleton<IModeSwitch>(p => p.GetRequiredService<LocalInvalidationLog>());
            return services;
        }

        services.AddSingleton<RedisConnections>();
        services.AddSingleton<RedisInvalidationLog>();
        services.AddSingleton<IInvalidationLog>(p => p.GetRequiredService<RedisInvalidationLog>());
        services.AddSingleton<IModeSwitch>(p => p.GetRequiredService<RedisInvalidationLog>());
        services.AddSingleton<IHostedService, RedisInvalidationLogService>();
        return services;
    }
}
