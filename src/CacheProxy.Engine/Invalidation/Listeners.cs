using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Engine.Invalidation;

/// <summary>Those who want to hear of each record after it was worked in. What one of them throws costs it this record, never the log.</summary>
internal sealed partial class Listeners(ILogger logger)
{
    private ImmutableArray<Action<Invalidation>> _all = [];

    public void Add(Action<Invalidation> listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        ImmutableInterlocked.Update(ref _all, all => all.Add(listener));
    }

    public void Tell(Invalidation invalidation)
    {
        foreach (var listener in _all)
        {
            try
            {
                listener(invalidation);
            }
            catch (Exception exception)
            {
                Log.ListenerFailed(logger, exception);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3001, LogLevel.Error, "A listener to the log of purges failed. The purge itself is in effect; only what the listener does with it (removal of dead entries) is missing.")]
        public static partial void ListenerFailed(ILogger logger, Exception exception);
    }
}
