using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EndToEnd.Wire;

/// <summary>An address at which connection attempts hang: a listener that accepts nobody, and whose queue is full.</summary>
internal sealed class Blackhole : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _filling = [];

    public Blackhole()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(0);
        for (var i = 0; i < 4; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _filling.Add(socket);
            try
            {
                socket.Connect(_listener.LocalEndPoint!);
            }
            catch (SocketException)
            {
                // Under way, for ever.
            }
        }
    }

    public Uri Url => new(string.Create(CultureInfo.InvariantCulture, $"http://{_listener.LocalEndPoint}"));

    public void Dispose()
    {
        foreach (var socket in _filling) socket.Dispose();
        _listener.Dispose();
    }
}
