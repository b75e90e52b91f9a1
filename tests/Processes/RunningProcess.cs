using Launcher;

namespace Processes;

/// <summary>What the real processes of a test have in common: they can be ended, killed, stopped and continued.</summary>
public abstract class RunningProcess : IAsyncDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(20);

    internal RunningProcess(ChildProcess child) => Child = child;

    internal ChildProcess Child { get; }

    public int Id => Child.Id;

    public bool HasExited => Child.HasExited;

    public int ExitCode => Child.ExitCode;

    /// <summary>The last lines that it printed, for a failing test's message.</summary>
    public string Output => string.Join('\n', Child.LastLines);

    /// <summary>SIGTERM, and a wait for the end. Returns whether it went by itself.</summary>
    public Task<bool> StopAsync() => Child.StopAsync(Grace);

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => Child.KillAsync();

    /// <summary>SIGSTOP: it hangs, its sockets stay open.</summary>
    public void Suspend() => Child.Send(PosixSignalNumber.Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Child.Send(PosixSignalNumber.Continue);

    public void Hangup() => Child.Send(PosixSignalNumber.Hangup);

    public async ValueTask DisposeAsync()
    {
        // A suspended process does not hear a SIGTERM; and what a test leaves behind is not worth a graceful end.
        await Child.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns a process once it is ready. One that does not become so is ended: nobody else knows of it.</summary>
    internal static async Task<T> WhenReadyAsync<T>(T process, Task ready) where T : RunningProcess
    {
        try
        {
            await ready;
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    internal static string LogFile(string name) =>
        Path.Combine(Path.GetTempPath(), "cacheproxy-tests", $"{name}-{Guid.NewGuid():N}.log");
}
