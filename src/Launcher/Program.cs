using System.Runtime.InteropServices;
using Launcher;

using var stop = new CancellationTokenSource();
void OnSignal(PosixSignalContext context)
{
    // The second signal is not held back: whoever presses Ctrl-C twice wants out now, and what was started must not outlive us.
    context.Cancel = !stop.IsCancellationRequested;
    if (stop.IsCancellationRequested) ChildProcess.KillAll();
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);

try
{
    var options = LaunchOptions.Parse(args, Environment.GetEnvironmentVariable("REDIS_URL"));
    if (options.Help)
    {
        Console.WriteLine(LaunchOptions.Usage);
        return 0;
    }

    await using var playground = new Playground(options, Repository.FindRoot(), TimeProvider.System, Console.WriteLine);
    try
    {
        await playground.RunAsync(stop.Token);
    }
    catch (LaunchException e)
    {
        // Said before the others are ended: what they print while ending is not the reason.
        Console.Error.WriteLine(e.Message);
        return 1;
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
    }

    Console.WriteLine("Ending …");
    return 0;
}
catch (LaunchException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
