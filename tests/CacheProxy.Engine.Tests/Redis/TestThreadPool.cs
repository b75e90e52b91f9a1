using System.Runtime.CompilerServices;

namespace CacheProxy.Engine.Tests.Redis;

/// <summary>
/// Property tests keep every core's thread of the pool busy, and tests of suspended replicas block some: acknowledgements of tests that run
/// beside them would be late for that reason alone. What a starved pool does to the product has a test of its own.
/// </summary>
internal static class TestThreadPool
{
    [ModuleInitializer]
    internal static void Widen() => ThreadPool.SetMinThreads(32, 32);
}
