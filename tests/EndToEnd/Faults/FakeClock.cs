using System.Globalization;
using Processes;

namespace EndToEnd.Faults;

/// <summary>
/// A wall clock that a test moves under a running process: libfaketime reads its offset from a file. The monotonic clocks stay true, as
/// they do when an administrator or NTP sets the time.
/// </summary>
internal sealed class FakeClock
{
    private static readonly string? s_library = new[] { "/usr/lib", "/usr/local/lib" }.Where(Directory.Exists)
        .SelectMany(static folder => Directory.EnumerateFiles(folder, "libfaketimeMT.so.1", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })).FirstOrDefault();

    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-clock-").FullName, "offset");

    public FakeClock() => Move(TimeSpan.Zero);

    /// <summary>Whether this machine has the library.</summary>
    public static bool IsInstalled => s_library is not null;

    /// <summary>What a process's environment needs, beside what it has.</summary>
    public IReadOnlyDictionary<string, string?> Settings => new Dictionary<string, string?>
    {
        ["LD_PRELOAD"] = s_library,
        ["FAKETIME_TIMESTAMP_FILE"] = _file,
        ["FAKETIME_NO_CACHE"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        ["DONT_FAKE_MONOTONIC"] = "1",
        // Waits are on the monotonic clock, which is left alone: correcting them would break them.
        ["FAKETIME_FORCE_MONOTONIC_FIX"] = "0",
    };

    /// <summary>From now on the clock is off by so much.</summary>
    public void Move(TimeSpan offset)
    {
        // At once: a half-written offset would be another one.
        File.WriteAllText(_file + ".new", string.Create(CultureInfo.InvariantCulture, $"{offset.TotalSeconds:+0;-0;+0}\n"));
        File.Move(_file + ".new", _file, overwrite: true);
    }
}

/// <summary>A test that moves the clock; skipped, and counted as such, where libfaketime is not.</summary>
public sealed class ClockTheoryAttribute : TheoryAttribute
{
    public ClockTheoryAttribute()
    {
        if (!FakeClock.IsInstalled || !RedisServer.IsInstalled)
            // Nothing else moves the clock of another process. test.sh installs it where there is apt-get; elsewhere the skip is counted.
            Skip = "libfaketime or redis-server is missing: install Debian's faketime and redis-server";
    }
}
