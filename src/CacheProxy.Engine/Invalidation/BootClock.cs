using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// A monotonic clock that goes on while the machine is suspended (INVALIDATION 2). Leases need it: after a pause, a clock that stood still
/// would let a replica serve what was purged meanwhile. A simulation replaces it.
/// </summary>
public abstract partial class BootClock
{
    /// <summary>The machine's own: <c>CLOCK_BOOTTIME</c> on Linux, <c>CLOCK_MONOTONIC_RAW</c> on macOS, the performance counter on Windows.</summary>
    public static BootClock System { get; } =
        OperatingSystem.IsLinux() ? new PosixClock(PosixClock.LinuxBootTime)
        : OperatingSystem.IsMacOS() ? new PosixClock(PosixClock.MacMonotonicRaw)
        : new PerformanceCounter();

    /// <summary>Nanoseconds since some moment in the past, the same for the whole process.</summary>
    public abstract long Now { get; }

    /// <summary>A duration in this clock's unit.</summary>
    public static long Nanoseconds(TimeSpan duration) => duration.Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>This clock's unit as a duration.</summary>
    public static TimeSpan Duration(long nanoseconds) => TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);

    private sealed unsafe partial class PosixClock(int clock) : BootClock
    {
        public const int LinuxBootTime = 7;
        public const int MacMonotonicRaw = 4;

        public override long Now
        {
            get
            {
                Timespec time;
                // It cannot fail for a clock that exists. If it did, an expired lease is the only safe answer.
                return GetTime(clock, &time) == 0 ? (time.Seconds * 1_000_000_000L) + time.Nanoseconds : long.MaxValue;
            }
        }

        // A read of the kernel's shared page, some 20 ns: changing the GC mode would cost as much again.
        [LibraryImport("libc", EntryPoint = "clock_gettime")]
        [SuppressGCTransition]
        private static partial int GetTime(int clock, Timespec* time);

        [StructLayout(LayoutKind.Sequential)]
        private struct Timespec
        {
            public nint Seconds;
            public nint Nanoseconds;
        }
    }

    private sealed class PerformanceCounter : BootClock
    {
        public override long Now => (long)(Stopwatch.GetTimestamp() * (1_000_000_000.0 / Stopwatch.Frequency));
    }
}
