using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>What came of a schedule.</summary>
/// <param name="Violation">The read that broke the promise; <see langword="null"/> for none.</param>
/// <param name="Reads">Requests begun.</param>
/// <param name="Hits">Answers from memory or the shared tier.</param>
/// <param name="Acknowledged">Purges that were acknowledged.</param>
/// <param name="Events">Steps taken.</param>
/// <param name="Trace">All that happened, if it was asked for.</param>
internal sealed record ScheduleResult(string? Violation, int Reads, int Hits, int Acknowledged, long Events, IReadOnlyList<string> Trace);

/// <summary>
/// Everything that a seed decides: network, leases, clocks, readers, writers and faults, over some virtual seconds.
/// </summary>
internal static class Schedule
{
    private const long Length = 9 * Scheduler.Second;
    private const int Slots = 3;

    public static ScheduleResult Run(int seed, Mistake mistake = Mistake.None, bool tracing = false)
    {
        var scheduler = new Scheduler(seed, tracing);
        var random = scheduler.Random;
        var harsh = scheduler.Chance(0.6);
        var network = harsh
            ? new SimulatedNetwork(0.04 * random.NextDouble(), 0.2 * random.NextDouble(), scheduler.Between(100, 2_500) * Scheduler.Millisecond, scheduler.Between(250, 2_500) * Scheduler.Millisecond)
            : new SimulatedNetwork(0, 0.02, 50 * Scheduler.Millisecond, 300 * Scheduler.Millisecond);
        var standbys = scheduler.Chance(0.25) ? 1 : 0;
        var world = new World(scheduler, mistake, network, standbys) { Derives = scheduler.Chance(0.4), ChecksAccess = scheduler.Chance(0.3), LooksBeforeFills = scheduler.Chance(0.4), ReadsParts = scheduler.Chance(0.3) };
        for (var i = 0; i <= standbys; i++) world.Servers.Add(new(scheduler, mistake, "redis" + i, 1_800_000_000L * Scheduler.Second + scheduler.Between(-5, 5) * Scheduler.Second));
        world.Master = world.Servers[0];
        world.Routes = [.. Enumerable.Repeat(world.Master, Slots)];
        if (standbys > 0) world.Follow(world.Servers[0], world.Servers[1]);

        // Different leases are only promised while the log has one life: Q is made of the largest that is configured.
        var mixed = standbys == 0 && scheduler.Chance(0.15);
        var options = Options(scheduler, standbys);
        world.Replicas = [.. Enumerable.Range(0, Slots).Select(slot => new SimulatedReplica(world, slot, mixed && slot > 0 ? options with { Lease = options.Lease * 2.5 } : options))];
        foreach (var replica in world.Replicas) Warm(world, replica);
        new Faults(world).Plan(scheduler.Random.Next(5), serverFaults: !mixed, Length);
        PlanWork(world);
        scheduler.RunUntil(Length + (4 * Scheduler.Second), () => world.Violation is not null);
        foreach (var replica in world.Replicas.Where(r => r.IsAlive)) replica.Log.Dispose();
        return new(world.Violation, world.Reads, world.Hits, world.Acknowledged, scheduler.Events, scheduler.TraceLines);
    }

    public static void Warm(World world, SimulatedReplica replica)
    {
        if (world.Scheduler.Chance(0.3)) new SimulatedWarmup(world, replica).Start();
    }

    private static ConsistencyOptions Options(Scheduler scheduler, int standbys) => new()
    {
        Lease = TimeSpan.FromMilliseconds(scheduler.Between(300, 1_500)),
        OnLostLease = scheduler.Chance(0.2) ? OnLostLease.Serve : OnLostLease.Origin,
        ServeFor = TimeSpan.FromMilliseconds(1_500),
        Standbys = standbys,
    };

    private static void PlanWork(World world)
    {
        var scheduler = world.Scheduler;
        var purges = scheduler.Random.Next(4, 12);
        for (var i = 0; i < purges; i++)
        {
            var number = i;
            scheduler.After(scheduler.Between(300 * Scheduler.Millisecond, Length), () =>
            {
                var purge = new SimulatedPurge(world, number);
                var replica = scheduler.Any(world.Replicas);
                if (replica.IsAlive && scheduler.Chance(0.1)) purge.StartAfterChange(replica);
                else purge.Start();
            });
        }

        for (var i = 0; i < 120; i++)
        {
            scheduler.After(scheduler.Between(0, Length), () =>
            {
                var replica = scheduler.Any(world.Replicas);
                if (replica.IsAlive) world.Read(replica, scheduler.Any(Model.All));
            });
        }
    }
}
