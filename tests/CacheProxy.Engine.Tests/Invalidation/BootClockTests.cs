using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

public sealed class BootClockTests
{
    [Fact]
    public void Now_ReadTwice_NeverGoesBackAndIsNotTheFailureValue()
    {
        var last = BootClock.System.Now;
        for (var i = 0; i < 100_000; i++)
        {
            var now = BootClock.System.Now;
            Assert.True(now >= last && now != long.MaxValue);
            last = now;
        }
    }

    [Fact]
    public void Now_AgainstTheMachinesUptime_CountsFromBoot()
    {
        if (!OperatingSystem.IsLinux()) return;
        var text = File.ReadAllText("/proc/uptime").Split(' ')[0];
        var uptime = double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        // In a container the kernel may give it an offset of its own; the unit must be right in any case.
        Assert.True(BootClock.Duration(BootClock.System.Now).TotalSeconds >= uptime - 5);
    }
}
