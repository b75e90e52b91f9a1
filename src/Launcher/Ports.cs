using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Launcher;

/// <summary>Finds out before anything starts whether a port is taken.</summary>
internal static class Ports
{
    private static readonly ConcurrentDictionary<int, byte> s_given = new();

    /// <summary>Every taken port in one message.</summary>
    /// <exception cref="LaunchException">At least one is taken.</exception>
    public static void DemandFree(IReadOnlyList<(int Port, string Purpose, string Option)> ports)
    {
        var taken = ports.Where(p => IsTaken(p.Port)).ToList();
        if (taken.Count == 0)
            return;
        var lines = taken.Select(p => $"  port {p.Port} for {p.Purpose}: choose another with {p.Option}");
        var finder = OperatingSystem.IsWindows() ? "netstat -ano | findstr" : "lsof -i";
        throw new LaunchException(
            $"Taken by another program, perhaps by an earlier ./run.sh that still runs ('{finder} :{taken[0].Port}' names it):\n{string.Join('\n', lines)}");
    }

    public static bool IsTaken(int port) =>
        !CanBind(IPAddress.Loopback, port) || (Socket.OSSupportsIPv6 && HasLoopbackV6() && !CanBind(IPAddress.IPv6Loopback, port));

    /// <summary>
    /// A port that is free now and given to nobody else in this process, below those that systems give to outgoing connections: between
    /// its choice and its use no client of anybody's takes it.
    /// </summary>
    public static int Free()
    {
        int port;
        do
            port = RandomNumberGenerator.GetInt32(10_000, 32_000);
        while (!s_given.TryAdd(port, 0) || IsTaken(port));
        return port;
    }

    private static bool CanBind(IPAddress address, int port)
    {
        try
        {
            using var listener = new TcpListener(address, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool HasLoopbackV6() =>
        NetworkInterface.GetAllNetworkInterfaces().Any(n => n.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(IPAddress.IPv6Loopback)));
}
