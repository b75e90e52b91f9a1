using Launcher;
using Processes;

namespace EndToEnd.Launching;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Start_ProgramThatFails_KeepsExitCodeAndLastLines()
    {
        await using var child = Shell("echo started; echo broken >&2; exit 3");

        await child.WaitAsync();

        Assert.Equal(3, child.ExitCode);
        Assert.Equal(["broken", "started"], child.LastLines.Order());
    }

    [Fact]
    public async Task StopAsync_ProgramThatHearsSigterm_EndsByItself()
    {
        await using var child = Shell("trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done");
        await Poll.UntilAsync(() => child.LastLines.Contains("ready"), Limit, () => "the shell did not start");

        Assert.True(await child.StopAsync(Limit));
        Assert.Equal(0, child.ExitCode);
    }

    [Fact]
    public async Task StopAsync_ProgramThatIgnoresSigterm_IsKilledAfterItsGrace()
    {
        await using var child = Shell("trap '' TERM; echo ready; while :; do sleep 0.05; done");
        await Poll.UntilAsync(() => child.LastLines.Contains("ready"), Limit, () => "the shell did not start");

        Assert.False(await child.StopAsync(TimeSpan.FromMilliseconds(200)));
        Assert.True(child.HasExited);
    }

    [Fact]
    public async Task WaitAsync_ProgramEndsBeforeItIsReady_NamesItWithItsLastLines()
    {
        await using var child = Shell("echo no routes file; exit 1");

        var error = await Assert.ThrowsAsync<LaunchException>(() =>
            Readiness.WaitAsync(child, $"http://127.0.0.1:{Ports.Free()}/", Limit, TimeProvider.System, CancellationToken.None));

        Assert.Contains("shell ended with exit code 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("no routes file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_ProgramThatDoesNotExist_IsNamed()
    {
        var error = Assert.Throws<LaunchException>(() => Start("/no/such/program"));

        Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
    }

    private static ChildProcess Shell(string script) => Start("/bin/sh", "-c", script);

    private static ChildProcess Start(params string[] command) =>
        ChildProcess.Start("shell", command, new Dictionary<string, string?>(), RunningProcess.LogFile("shell"), Path.GetTempPath());
}
