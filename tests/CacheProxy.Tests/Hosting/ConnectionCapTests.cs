using CacheProxy.Hosting.Listeners;

namespace CacheProxy.Tests.Hosting;

public sealed class ConnectionCapTests
{
    [Theory]
    [InlineData(20_512L, 10_000)]
    [InlineData(1_024L, 256)]
    [InlineData(400L, 64)]
    [InlineData(0L, 64)]
    [InlineData(long.MaxValue, int.MaxValue)]
    [InlineData(null, int.MaxValue)]
    public void MostOf_ALimitOfOpenFiles_LeavesFilesForItselfAndTheOrigin(long? files, int expected) => Assert.Equal(expected, ConnectionCap.MostOf(files));

    [Fact]
    public void RaiseLimit_OnLinux_IsTheHardLimit()
    {
        var raised = OpenFiles.RaiseLimit();
        if (!OperatingSystem.IsLinux())
        {
            Assert.Null(raised);
            return;
        }
        var line = File.ReadLines("/proc/self/limits").Single(static line => line.StartsWith("Max open files", StringComparison.Ordinal));
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((words[4], words[4]), (words[3], raised?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unlimited"));
    }
}
