using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

public sealed class PurgeWaitTests
{
    private static readonly Epoch s_epoch = new(100, "a");
    private static readonly LogReplica.Adoption s_settled = new(s_epoch, 0);
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(2);
    private static readonly long s_reply = 100_000_000_000;

    [Fact]
    public void OverAt_AllHaveAcknowledged_IsNow()
    {
        var wait = Wait(s_settled, ("a", 2_000, 7), ("b", 2_000, -1));
        Assert.Equal(s_reply + PurgeWait.Length(s_lease), wait.OverAt());
        Assert.False(wait.Acknowledge(s_epoch, "b", 6));
        Assert.False(wait.Acknowledge(new(100, "other"), "b", 7));
        Assert.False(wait.Acknowledge(s_epoch, "c", 7));
        Assert.True(wait.Acknowledge(s_epoch, "b", 8));
        Assert.True(wait.OverAt() <= s_reply);
        Assert.Equal((2, 0), (wait.Confirmed, wait.Missing.Count));
    }

    [Fact]
    public void OverAt_OneHasALongerLease_WaitsThatLong()
    {
        var wait = Wait(s_settled, ("a", 2_000, -1), ("b", 32_000, 7));
        Assert.Equal(s_reply + PurgeWait.Length(TimeSpan.FromSeconds(32)), wait.OverAt());
    }

    [Fact]
    public void OverAt_EpochNotAdopted_WaitsWhateverWasAcknowledged()
    {
        var wait = Wait(new(new(99, "z"), 0), ("a", 2_000, 7));
        Assert.Equal(s_reply + PurgeWait.Length(s_lease), wait.OverAt());
        Assert.Equal(s_reply + PurgeWait.Length(s_lease), Wait(null).OverAt());
    }

    [Fact]
    public void OverAt_EpochAdoptedAMomentAgo_WaitsUntilItIsOldEnough()
    {
        var young = s_reply - PurgeWait.Length(s_lease) + 1;
        Assert.True(Wait(new(s_epoch, young), ("a", 2_000, 7)).OverAt() > s_reply);
        Assert.True(Wait(new(s_epoch, young - 1), ("a", 2_000, 7)).OverAt() <= s_reply);
    }

    [Fact]
    public void OverAt_LeaseThatCannotBeRead_IsTakenForTheLargestKnown()
    {
        var registry = new ReplicaRegistry([new("a", "nonsense", null, -1)]);
        var wait = new PurgeWait(new(new(s_epoch, 7), registry, false, 7, 700), s_reply, s_settled, s_lease);
        Assert.Equal(s_reply + PurgeWait.Length(s_lease), wait.OverAt());
    }

    [Fact]
    public void Read_ControlHash_PairsRegistrationsAndAcknowledgements()
    {
        var registry = ReplicaRegistry.Read([new("n", "5"), new("r:x", "3 2000"), new("a:x", "9"), new("r:y", "4 600"), new("a:gone", "1")]);
        Assert.Equal([new("x", "3 2000", s_lease, 9), new("y", "4 600", TimeSpan.FromMilliseconds(600), -1)], registry.Replicas.OrderBy(r => r.Id));
    }

    private static PurgeWait Wait(LogReplica.Adoption? adopted, params (string Id, int Lease, long Acknowledged)[] replicas) => new(
        new(new(s_epoch, 7), new([.. replicas.Select(r => new RegisteredReplica(r.Id, $"1 {r.Lease}", TimeSpan.FromMilliseconds(r.Lease), r.Acknowledged))]), false, 7, 700),
        s_reply, adopted, s_lease);
}
