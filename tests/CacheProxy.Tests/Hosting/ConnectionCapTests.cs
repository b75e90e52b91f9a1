using CacheProxy.Hosting.Listeners;

namespace CacheProxy.Tests.Hosting;

public sealed class ConnectionCapTests
{
    [Theory]
    [InlineData("Limit                     Soft Limit           Hard Limit           Units\nMax open files            20000                20000                files\n", 9_744)]
    [InlineData("Max open files            256                  4096                 files\n", 64)]
    [InlineData("Max open files            unlimited            unlimited            files\n", int.MaxValue)]
    [InlineData("", int.MaxValue)]
    public void MostOf_TheProcesssLimits_LeavesFilesForItselfAndTheOrigin(string limits, int expected) => Assert.Equal(expected, ConnectionCap.MostOf(limits));
}
