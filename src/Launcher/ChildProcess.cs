using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Launcher;

/// <summary>
/// A program that we started: its output goes to a file, its last lines are kept for the error message, and it ends
/// when we do. Thread-safe.
/// </summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 25;
    private static readonly ConcurrentDictionary<int, Process> s_running = new();
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Queue<string> _lastLines = new();
    private readonly Action<string>? _echo;

    private ChildProcess(string name, Process process, StreamWriter log, Action<string>? echo) =>
        (Name, _process, _log, _echo) = (name, process, log, echo);

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Its exit code, valid once <see cref="HasExited"/>.</summary>
    public int ExitCode => _process.ExitCode;

    public IReadOnlyList<string> LastLines
    {
        get
        {
            lock (_lastLines)
                return [.. _lastLines];
        }
    }

    /// <param name="name">How messages call it.</param>
    /// <param name="command">Program and arguments.</param>
    /// <param name="environment">Added to ours; null removes a variable.</param>
    /// <param name="logFile">Everything that it prints; replaced at each start.</param>
    /// <param name="workingDirectory">Where it runs.</param>
    /// <param name="echo">Given each line as it comes; null for silence.</param>
    /// <exception cref="LaunchException">The program cannot be run.</exception>
    public static ChildProcess Start(
        string name, IReadOnlyList<string> command, IReadOnlyDictionary<string, string?> environment, string logFile,
        string workingDirectory, Action<string>? echo = null)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = workingDirectory,
        };
        foreach (var (key, value) in environment)
            start.Environment[key] = value;
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var log = new StreamWriter(logFile) { AutoFlush = true };
        try
        {
            var child = new ChildProcess(name, new Process { StartInfo = start }, log, echo);
            child._process.OutputDataReceived += (_, e) => child.Keep(e.Data);
            child._process.ErrorDataReceived += (_, e) => child.Keep(e.Data);
            child._process.Start();
            s_running[child._process.Id] = child._process;
            child._process.BeginOutputReadLine();
            child._process.BeginErrorReadLine();
            // Nobody types into it, and a program that waits for input must see the end at once.
            child._process.StandardInput.Close();
            return child;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            log.Dispose();
            throw new LaunchException($"{name} could not be started: '{command[0]}': {e.Message}", e);
        }
    }

    /// <summary>Ends, without warning, all that run: for one who ends himself at once.</summary>
    public static void KillAll()
    {
        foreach (var (_, process) in s_running)
        {
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It has ended, or is being disposed of.
            }
        }
    }

    /// <summary>Completes when the program has ended and its output was read to the end.</summary>
    public Task WaitAsync(CancellationToken cancellation = default) => _process.WaitForExitAsync(cancellation);

    /// <summary>Sends a POSIX signal. On Windows, where there are none, SIGTERM and SIGKILL end the program at once.</summary>
    public void Send(PosixSignalNumber signal)
    {
        if (_process.HasExited)
            return;
        if (!OperatingSystem.IsWindows())
            _ = Kill(_process.Id, (int)signal);
        else if (signal is PosixSignalNumber.Terminate or PosixSignalNumber.Kill)
            _process.Kill(entireProcessTree: true);
    }

    /// <summary>Asks it to end, and after <paramref name="grace"/> ends it. Returns whether it went by itself.</summary>
    public async Task<bool> StopAsync(TimeSpan grace)
    {
        if (_process.HasExited)
            return true;
        Send(PosixSignalNumber.Terminate);
        try
        {
            await _process.WaitForExitAsync().WaitAsync(grace);
            return true;
        }
        catch (TimeoutException)
        {
            await KillAsync();
            return false;
        }
    }

    /// <summary>Ends it without warning, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        s_running.TryRemove(_process.Id, out _);
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lastLines)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > KeptLines)
                _lastLines.Dequeue();
            _log.WriteLine(line);
        }

        _echo?.Invoke(line);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
