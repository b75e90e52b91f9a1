using System.Runtime.InteropServices;

namespace CacheProxy.Hosting.Listeners;

/// <summary>
/// How many files this process may have open. Systems start processes with a small limit, for old programs' sake, and let them raise it up to
/// a hard one: the JIT runtime does so, native code is left to do it.
/// </summary>
internal static unsafe partial class OpenFiles
{
    private const int LinuxNoFile = 7;

    /// <summary>Raises the limit as far as it goes.</summary>
    /// <returns>The limit in effect; <see langword="null"/> where there is none, or none is known.</returns>
    public static long? RaiseLimit()
    {
        if (!OperatingSystem.IsLinux()) return null;
        Limits limits;
        if (GetLimits(LinuxNoFile, &limits) != 0) return null;
        if (limits.Soft < limits.Hard)
        {
            var raised = limits with { Soft = limits.Hard };
            if (SetLimits(LinuxNoFile, &raised) == 0) limits = raised;
        }
        return limits.Soft > long.MaxValue ? null : (long)limits.Soft;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimits(int resource, Limits* limits);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimits(int resource, Limits* limits);

    [StructLayout(LayoutKind.Sequential)]
    private record struct Limits
    {
        public nuint Soft;
        public nuint Hard;
    }
}
