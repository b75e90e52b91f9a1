namespace Processes;

/// <summary>Waits for a condition, with a deadline and a message that says what did not happen.</summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> otherwise)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (!await condition())
        {
            if (time.GetElapsedTime(started) > limit)
                throw new TimeoutException($"{otherwise()} (waited {limit.TotalSeconds:0} s)");
            await Task.Delay(Pause, time);
        }
    }

    public static Task UntilAsync(Func<bool> condition, TimeSpan limit, Func<string> otherwise) =>
        UntilAsync(() => Task.FromResult(condition()), limit, otherwise);
}
