using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>What goes wrong in a schedule.</summary>
internal sealed class Faults(World world)
{
    // Above those of the schedule itself.
    private int _purges = 1_000;

    private Scheduler Scheduler => world.Scheduler;

    private SimulatedRedis Master => world.Master;

    /// <param name="count">How many faults.</param>
    /// <param name="serverFaults">Whether the log's life may end.</param>
    /// <param name="length">Of the schedule.</param>
    public void Plan(int count, bool serverFaults, long length)
    {
        List<Action> kinds = [Crash, RollingRestart, Suspend, Sleep, Cut, Deafen, Trim];
        if (serverFaults) kinds.AddRange([Flush, EvictControl, EvictRecords, EvictShared, Restart, RestartFromSnapshot, RollBack]);
        if (world.Standbys > 0) kinds.AddRange([Failover, Failover, Failover, Failover]);
        // Half of the schedules have one or two kinds only, and more of them: what needs the same thing twice is found there.
        if (Scheduler.Chance(0.5))
        {
            kinds = [Scheduler.Any(kinds), Scheduler.Any(kinds)];
            count *= 2;
        }

        for (var i = 0; i < count; i++) Scheduler.After(Scheduler.Between(Scheduler.Second / 2, length - Scheduler.Second), Scheduler.Any(kinds));
    }

    private int Slot() => Scheduler.Random.Next(world.Replicas.Length);

    private long Some(double from, double to) => Scheduler.Between((long)(from * Scheduler.Second), (long)(to * Scheduler.Second));

    private void Crash()
    {
        var slot = Slot();
        if (world.Replicas[slot].IsAlive) world.Replicas[slot].Crash();
        Scheduler.After(Some(0.05, 1.5), () => Start(slot));
    }

    private void Start(int slot)
    {
        if (world.Replicas[slot] is { IsAlive: true, IsFollowing: true }) return;
        Scheduler.Trace("replica" + slot, $"starts");
        Replace(slot);
    }

    private void Replace(int slot)
    {
        var replica = new SimulatedReplica(world, slot, world.Replicas[slot].Options);
        world.Replicas[slot] = replica;
        Schedule.Warm(world, replica);
        PurgeOften(300 * Scheduler.Millisecond);
        for (var i = 0; i < 4; i++) Scheduler.After(Some(0, 0.4), () => world.ReadEverythingAt(replica));
    }

    /// <summary>The new process is there before the old one has gone.</summary>
    private void RollingRestart()
    {
        var slot = Slot();
        var old = world.Replicas[slot];
        if (!old.IsAlive || old.IsSuspended) return;
        Scheduler.Trace("replica" + slot, $"starts beside the old one");
        Replace(slot);
        Scheduler.After(Some(0, 0.2), () =>
        {
            if (!old.IsAlive) return;
            old.Leave();
            // Clients of the old one are still there.
            for (var i = 0; i < 6; i++)
                Scheduler.After(Some(0, 1), () => { if (old.IsAlive) world.Read(old, Scheduler.Any(Model.All)); });
        });
    }

    private void Suspend() => world.Replicas[Slot()].Suspend(Some(0.1, 4), machine: false);

    private void Sleep() => world.Replicas[Slot()].Suspend(Some(0.5, 4), machine: true);

    private void Cut()
    {
        var replica = world.Replicas[Slot()];
        Scheduler.Trace("replica" + replica.Slot, $"cut off");
        replica.Link.IsCut = true;
        PurgeOften(50 * Scheduler.Millisecond);
        Scheduler.After(Some(0.2, 4), () => replica.Link.IsCut = false);
    }

    private void Deafen()
    {
        var replica = world.Replicas[Slot()];
        Scheduler.Trace("replica" + replica.Slot, $"hears nothing");
        replica.Link.IsDeaf = true;
        Scheduler.After(Some(0.2, 5), () => replica.Link.IsDeaf = false);
    }

    private void Trim()
    {
        if (Master.Keys.Epoch is { } epoch) Master.Trim(epoch, Scheduler.Random.Next(3));
    }

    private void Flush()
    {
        Scheduler.Trace(Master.Name, $"flushed");
        Master.Write(new LogKeys());
    }

    private void EvictControl()
    {
        Scheduler.Trace(Master.Name, $"loses the control hash");
        Master.Write(world.Mistake == Mistake.RegistryEvictedAlone
            ? Master.Keys with { Registry = Master.Keys.Registry.Clear() }
            : Master.Keys with { Epoch = null, Sequence = 0, Floor = 0, Registry = Master.Keys.Registry.Clear() });
    }

    private void EvictRecords()
    {
        Scheduler.Trace(Master.Name, $"loses the records");
        Master.Write(Master.Keys with { Records = Master.Keys.Records.Clear() });
    }

    private void EvictShared() => Master.Write(Master.Keys with { Shared = Master.Keys.Shared.Clear(), Ids = Master.Keys.Ids.Clear() });

    /// <summary>Empty, or with all that it had written.</summary>
    private void Restart()
    {
        var data = Scheduler.Chance(0.5);
        Restart(data ? Master.Keys : new LogKeys(), $"restarts, {(data ? "with its data" : "empty")}");
    }

    private void RestartFromSnapshot()
    {
        var old = Master.Keys;
        Scheduler.After(Some(0.1, 3), () => Restart(old, $"restarts from an old snapshot"));
    }

    private void Restart(LogKeys keys, FormattableString what)
    {
        var redis = Master;
        Scheduler.Trace(redis.Name, what);
        redis.IsUp = false;
        redis.NewLife();
        Scheduler.After(Some(0, 1.5), () =>
        {
            redis.IsUp = true;
            redis.Write(keys);
        });
    }

    /// <summary>The same process with older data: somebody restored it in place. All connections break.</summary>
    private void RollBack()
    {
        var (redis, old) = (Master, Master.Keys);
        var after = Some(0.1, 3);
        PurgeOften(after, least: 1, most: 2);
        Scheduler.After(after, () =>
        {
            if (!redis.IsUp || redis != Master) return;
            Scheduler.Trace(redis.Name, $"rolled back from {redis.Keys.Sequence} to {old.Sequence}");
            redis.IsUp = false;
            Scheduler.After(network(), () =>
            {
                redis.IsUp = true;
                redis.Write(old);
                // As many as were lost, and one more, before anybody has beaten.
                PurgeOften(40 * Scheduler.Millisecond, least: 2, most: 8);
                // Each living replica beats within a lease, if it is heard.
                world.Forgive((2 * BootClock.Nanoseconds(world.Replicas[0].Registered)) + world.Network.Timeout);
            });
        });

        // Longer than a call takes: what was under way on the broken connections never arrives.
        long network() => Math.Max(world.Network.Slowest, 3 * Scheduler.Millisecond);
    }

    private void PurgeOften(long within, int least = 0, int most = 5)
    {
        for (var i = Scheduler.Random.Next(least, most + 1); i > 0; i--)
            Scheduler.After(Scheduler.Between(0, within), () => new SimulatedPurge(world, ++_purges).Start());
    }

    /// <summary>The standby is promoted; the old master does not know, and some replicas still talk to it.</summary>
    private void Failover()
    {
        var (old, next) = (Master, world.Servers.First(s => s != Master));
        if (next.IsMaster || !old.IsUp || !next.IsUp) return;
        Scheduler.Trace(next.Name, $"promoted, {old.Name} lives on");
        next.IsMaster = true;
        next.NewLife();
        next.Replicate = null;
        next.Standbys = 0;
        world.Master = next;
        for (var i = 0; i < world.Replicas.Length; i++)
        {
            var slot = i;
            Scheduler.After(Some(0, 2.5), () => world.Route(slot));
        }

        Scheduler.After(Some(0.2, 3), () =>
        {
            if (world.Master != next) return;
            Scheduler.Trace(old.Name, $"follows {next.Name}");
            old.NewLife();
            old.Replicate = null;
            world.Follow(next, old);
        });
    }
}
