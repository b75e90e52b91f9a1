using System.Globalization;

namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>What is said of a clock that does not agree with ours.</summary>
internal static class Clock
{
    public static Finding Finding(string whose, bool ahead, TimeSpan skew) => new(
        "clock",
        string.Create(CultureInfo.InvariantCulture, $"the clock of {whose} is {skew.TotalSeconds:0.#} s {(ahead ? "ahead of" : "behind")} ours: ages and times to live are wrong by as much, and at 5 minutes webhooks are refused"),
        "Let NTP set the clocks of all machines (chronyc tracking, timedatectl)");
}
