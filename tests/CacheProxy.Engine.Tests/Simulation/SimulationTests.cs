using System.Globalization;
using Xunit.Abstractions;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// The purge protocol over the product's own code, under every fault, by the ten thousands. A schedule that fails prints its seed;
/// <c>SIMULATION_SEED</c> replays it with its trace, <c>SIMULATION_SCHEDULES</c> runs more or fewer.
/// </summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int TraceLines = 400;

    private static int Schedules { get; } = Setting("SIMULATION_SCHEDULES") ?? 20_000;

    public static TheoryData<string> Mistakes => [.. Enum.GetNames<Mistake>().Where(m => m != nameof(Mistake.None))];

    [Fact]
    public void Purges_AnySchedule_NoReadAfterTheAcknowledgementIsOlder()
    {
        if (Setting("SIMULATION_SEED") is { } seed)
        {
            Assert.Null(Replay(seed, Mistake.None));
            return;
        }

        var (reads, hits, acknowledged) = (0L, 0L, 0L);
        var broken = int.MaxValue;
        Parallel.For(0, Schedules, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, (i, loop) =>
        {
            var result = Schedule.Run(i);
            Interlocked.Add(ref reads, result.Reads);
            Interlocked.Add(ref hits, result.Hits);
            Interlocked.Add(ref acknowledged, result.Acknowledged);
            if (result.Violation is null) return;
            InterlockedMin(ref broken, i);
            loop.Stop();
        });
        if (broken != int.MaxValue) Assert.Fail($"Seed {broken}: {Replay(broken, Mistake.None)}");
        output.WriteLine($"{Schedules} schedules, {reads} reads, {hits} of them from a cache, {acknowledged} acknowledged purges");

        // A simulation in which little happens would prove little.
        Assert.InRange(hits, reads / 10, reads);
        Assert.True(acknowledged > 3L * Schedules);
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void Purges_WithAPlantedMistake_AStaleReadIsFound(string name)
    {
        var mistake = Enum.Parse<Mistake>(name);
        var found = int.MaxValue;
        Parallel.For(0, Schedules, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, (i, loop) =>
        {
            if (Schedule.Run(i, mistake).Violation is null) return;
            InterlockedMin(ref found, i);
            loop.Stop();
        });
        Assert.True(found != int.MaxValue, $"{mistake}: no stale read in {Schedules} schedules: the simulation is too weak for this rule.");
        output.WriteLine($"{mistake}: found by seed {found}");
    }

    [Fact]
    public void Schedule_SameSeed_SameTrace()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var (first, second) = (Schedule.Run(seed, tracing: true).Trace, Schedule.Run(seed, tracing: true).Trace);
            var differs = first.Zip(second).FirstOrDefault(lines => lines.First != lines.Second);
            Assert.True(differs == default && first.Count == second.Count, $"Seed {seed}: '{differs.First}' or '{differs.Second}'");
        }
    }

    private string? Replay(int seed, Mistake mistake)
    {
        var result = Schedule.Run(seed, mistake, tracing: true);
        foreach (var line in result.Trace.TakeLast(TraceLines)) output.WriteLine(line);
        return result.Violation ?? (mistake == Mistake.None ? null : "not found");
    }

    private static void InterlockedMin(ref int value, int candidate)
    {
        for (var seen = Volatile.Read(ref value); candidate < seen; seen = Volatile.Read(ref value))
            if (Interlocked.CompareExchange(ref value, candidate, seen) == seen) return;
    }

    private static int? Setting(string name) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
