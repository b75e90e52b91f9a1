using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>The twin of <c>Warmup</c>: at a process's start, after its first lease, everything is fetched.</summary>
internal sealed class SimulatedWarmup(World world, SimulatedReplica replica)
{
    private const long Poll = 50 * Scheduler.Millisecond;

    public void Start() => replica.Post(Look);

    private void Look()
    {
        var waits = world.Mistake != Mistake.WarmedBeforeTheLease;
        if (waits && replica.Log.TakeRight(out _) != ServingRight.Full)
        {
            replica.After(Poll, Look);
            return;
        }

        foreach (var model in Model.All) Fetch(model, stampsLate: !waits);
    }

    /// <summary>Without a state there is no stamp; whoever does not wait for one takes the first that comes.</summary>
    private void Fetch(Model model, bool stampsLate)
    {
        var right = replica.Log.TakeRight(out var snapshot);
        var request = new FillRequest(Asks.Whole.ToContext(), model.Plan, hasCredentials: false, stored: null);
        var (attendance, _) = replica.Fills.Join(
            model.Identity, request, (fill, _) => right == ServingRight.Full && fill.MayBeJoined(snapshot!, model.Tags),
            wanted => new Fill(wanted, model.Identity, null, new FillBody(replica.Budget, 1 << 16), TimeSpan.FromSeconds(30), replica.Time) { IsShared = true, MayUseStored = right == ServingRight.Full },
            fill => new SimulatedFill(world, replica, model, fill, replica.Fills.Remove, stampsLate).Start());
        attendance.Dispose();
    }
}
