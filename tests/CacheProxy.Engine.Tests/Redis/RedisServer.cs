using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using StackExchange.Redis;

namespace CacheProxy.Engine.Tests.Redis;

/// <summary>A real redis-server on a free port, with a folder of its own; nothing is persisted unless the arguments say so.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly string[] _arguments;
    private readonly DirectoryInfo _folder;
    private Process _process;

    private RedisServer(int port, string[] arguments)
    {
        (Port, _arguments) = (port, arguments);
        _folder = Directory.CreateTempSubdirectory("redis-");
        _process = Launch();
    }

    public int Port { get; }

    /// <summary>In the form of StackExchange.Redis.</summary>
    public string Address => $"127.0.0.1:{Port}";

    public string Folder => _folder.FullName;

    /// <summary>Starts one and waits until it answers.</summary>
    public static async Task<RedisServer> StartAsync(params string[] arguments)
    {
        var server = new RedisServer(FreePort(), arguments);
        await server.ReadyAsync();
        return server;
    }

    /// <summary>Without a handler, a fresh connection for each call: nothing of the client library's state can help or hurt.</summary>
    public async Task<RedisResult> ExecuteAsync(string command, params object[] arguments)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{Address},allowAdmin=true,connectTimeout=2000");
        return await connection.GetServer(Address).ExecuteAsync(command, arguments);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>On the same port, with whatever is in its folder.</summary>
    public async Task RestartAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        _process = Launch();
        await ReadyAsync();
    }

    /// <summary>SIGSTOP: connections stay open, nothing is answered.</summary>
    public Task PauseAsync() => SignalAsync("-STOP");

    /// <summary>SIGCONT.</summary>
    public Task ContinueAsync() => SignalAsync("-CONT");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>A port that nobody listened on a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Process Launch()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--port", $"{Port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _folder.FullName, .. _arguments])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task ReadyAsync()
    {
        await Poll.UntilAsync(Answers, $"redis-server on port {Port} answers");
    }

    private bool Answers()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port);
            using var stream = client.GetStream();
            stream.ReadTimeout = 1_000;
            stream.Write("PING\r\n"u8);
            // A password is asked for, or not: either way it is there.
            return stream.ReadByte() is '+' or '-';
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return false;
        }
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }
}
