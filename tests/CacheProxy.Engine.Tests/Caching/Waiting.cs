namespace CacheProxy.Engine.Tests.Caching;

/// <summary>Polls with a deadline.</summary>
internal static class Waiting
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    public static async Task UntilAsync(Func<bool> condition)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < s_patience, "The condition did not come true in time.");
            // Paces the poll, which has a deadline: the code under test offers nothing to await.
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }
}
