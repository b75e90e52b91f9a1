using System.Net;
using System.Net.Sockets;
using Launcher;

namespace EndToEnd.Launching;

public sealed class LaunchOptionsTests
{
    [Fact]
    public void Parse_Nothing_GivesTheDocumentedPorts()
    {
        var options = LaunchOptions.Parse([], redisUrl: null);

        Assert.Equal((1, 7080, 7081, 8000, 7079), (options.Replicas, options.ClientPort(0), options.AdminPort(0), options.BackendPort, options.RedisPort));
    }

    [Theory]
    [InlineData("--replicas", "3")]
    [InlineData("--replicas=3", null)]
    public void Parse_ThreeReplicas_NumbersPortsInPairs(string first, string? second)
    {
        var options = LaunchOptions.Parse(second is null ? [first] : [first, second], redisUrl: null);

        Assert.Equal([7080, 7082, 7084], Enumerable.Range(0, options.Replicas).Select(options.ClientPort));
        Assert.Equal([7081, 7083, 7085], Enumerable.Range(0, options.Replicas).Select(options.AdminPort));
    }

    [Theory]
    [InlineData("--replicas", "0", "from 1 to 9")]
    [InlineData("--replicas", "many", "'many'")]
    [InlineData("--proxy-port", "70000", "from 1 to 65500")]
    [InlineData("--colour", "red", "Unknown option '--colour'")]
    public void Parse_BadValue_NamesOptionAndRange(string option, string value, string expected)
    {
        var error = Assert.Throws<LaunchException>(() => LaunchOptions.Parse([option, value], redisUrl: null));

        Assert.Contains(option, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DemandFree_TakenPort_IsNamedWithPurposeAndRemedy()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var error = Assert.Throws<LaunchException>(() => Ports.DemandFree([(port, "the models backend", "--backend-port"), (Ports.Free(), "proxy 1", "--proxy-port")]));

        Assert.Contains($"port {port} for the models backend: choose another with --backend-port", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("proxy 1", error.Message, StringComparison.Ordinal);
    }
}
