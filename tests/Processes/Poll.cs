using System.Runtime.CompilerServices;

namespace Processes;

/// <summary>
/// Waits for a condition, with a deadline and a message that says what did not happen. The one poll of all tests: projects that start no
/// processes take this file alone.
/// </summary>
public static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    public static async Task UntilAsync(Func<Task<bool>> condition, TimeSpan limit, Func<string> otherwise)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (!await condition())
        {
            if (time.GetElapsedTime(started) > limit)
                throw new TimeoutException($"{otherwise()} (waited {limit.TotalSeconds:0} s)");
            // Paces the poll: what it waits for offers nothing to await.
            await Task.Delay(Pause, time);
        }
    }

    public static Task UntilAsync(Func<bool> condition, TimeSpan limit, Func<string> otherwise) =>
        UntilAsync(() => Task.FromResult(condition()), limit, otherwise);

    /// <exception cref="TimeoutException">The condition did not hold in time.</exception>
    public static Task UntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "", int seconds = 20) =>
        UntilAsync(condition, TimeSpan.FromSeconds(seconds), () => $"Waited in vain: {what}");

    public static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", int seconds = 20) =>
        UntilAsync(condition, TimeSpan.FromSeconds(seconds), () => $"Waited in vain: {what}");
}
