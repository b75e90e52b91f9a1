using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Tests.Invalidation;

/// <summary>The state machine alone: a clock that is a number, replies that are made up.</summary>
public sealed class LogReplicaTests
{
    private static readonly Epoch s_epoch = new(100, "a");
    private static readonly ConsistencyOptions s_options = new() { Lease = TimeSpan.FromSeconds(2), Standbys = 0 };
    private readonly AppliedLog _log = new();
    private readonly LogReplica _replica;

    public LogReplicaTests() => _replica = new("r", s_options, _log, _ => { });

    [Fact]
    public void Complete_Level_LeaseCountsFromTheHeartbeatsStart()
    {
        var request = _replica.BeginHeartbeat(Seconds(10), mode: null);
        Assert.True(_replica.Complete(request, Reply(0), Seconds(11.5)).Leased);
        Assert.Equal(ServingRight.Full, _replica.TakeRight(Seconds(11.9), out _));
        Assert.Equal(ServingRight.None, _replica.TakeRight(Seconds(12), out var snapshot));
        Assert.Null(snapshot);
    }

    [Fact]
    public void Complete_RecordsMissing_NoLeaseAndAsksAgain()
    {
        var outcome = Beat(0, new(s_epoch, 3, 0, [Line(1)]));
        Assert.Equal((true, false), (outcome.AskAgain, outcome.Leased));
        Assert.Equal(ServingRight.None, _replica.TakeRight(Seconds(0.1), out _));
        Assert.True(Beat(0.2, new(s_epoch, 3, 0, [Line(2), Line(3)])).Leased);
    }

    [Fact]
    public void Complete_PushesOvertookTheReply_AppliedStays()
    {
        Beat(0, Reply(0));
        var request = _replica.BeginHeartbeat(Seconds(1), mode: null);
        Assert.Equal(PushOutcome.Acknowledge, _replica.Push(s_epoch, LogRecord.Parse(Line(1))));
        Assert.Equal(PushOutcome.Acknowledge, _replica.Push(s_epoch, LogRecord.Parse(Line(2))));
        Assert.True(_replica.Complete(request, new(s_epoch, 1, 0, [Line(1)]), Seconds(1.1)).Leased);
        Assert.Equal(2, _replica.Current!.Applied);
    }

    [Fact]
    public void Complete_StillBehindAfterALease_GivesUpWhatWasStored()
    {
        Beat(0, new(s_epoch, 50, 0, [Line(1)]));
        Beat(1, new(s_epoch, 60, 0, [Line(2)]));
        Assert.True(Beat(2, new(s_epoch, 70, 0, [Line(3)])).Leased);
        Assert.Equal((70, 70), (_replica.Current!.Applied, _replica.Current.Base));
    }

    [Fact]
    public void Complete_BelowTheFloor_StartsOverInTheSameEpoch()
    {
        Beat(0, Reply(0));
        var adopted = _replica.Adopted;
        Assert.True(Beat(1, new(s_epoch, 5, 4, [Line(5)])).Leased);
        Assert.Equal((5, 4), (_replica.Current!.Applied, _replica.Current.Base));
        Assert.Same(adopted, _replica.Adopted);
    }

    [Fact]
    public void Complete_HoleInTheReply_PurgesEverything()
    {
        Beat(0, Reply(0));
        Beat(1, new(s_epoch, 3, 0, [Line(1), Line(3)]));
        Assert.Equal((3, 3), (_replica.Current!.Applied, _replica.Current.Base));
    }

    [Fact]
    public void Complete_OlderEpoch_IsNotFollowed()
    {
        Beat(0, Reply(0));
        var outcome = Beat(1, new(new(99, "b"), 7, 0, []));
        Assert.False(outcome.Leased);
        Assert.Equal(s_epoch, _replica.Current!.Epoch);
    }

    [Fact]
    public void Complete_NewEpoch_AdoptsItWithANewGeneration()
    {
        Beat(0, new(s_epoch, 1, 0, [Line(1)]));
        var generation = _replica.Current!.Generation;
        Beat(1, new(new(101, "b"), 0, 0, []));
        Assert.Equal(new Epoch(101, "b"), _replica.Current!.Epoch);
        Assert.True(_replica.Current.Generation > generation);
        Assert.Equal(Seconds(1), _replica.Adopted!.At);
    }

    [Theory]
    [InlineData(100, "a", 3, PushOutcome.Heartbeat)]
    [InlineData(100, "b", 2, PushOutcome.Heartbeat)]
    [InlineData(101, "b", 2, PushOutcome.Heartbeat)]
    [InlineData(99, "b", 2, PushOutcome.Nothing)]
    [InlineData(100, "a", 1, PushOutcome.Nothing)]
    public void Push_NotTheNextOfItsEpoch_IsNotApplied(long number, string nonce, long sequence, object outcome)
    {
        Beat(0, new(s_epoch, 1, 0, [Line(1)]));
        Assert.Equal((PushOutcome)outcome, _replica.Push(new(number, nonce), LogRecord.Parse(Line(sequence))));
        Assert.Equal((1, s_epoch), (_replica.Current!.Applied, _replica.Current.Epoch));
    }

    [Fact]
    public void Push_AfterARollBackInPlace_IsNotChainedToTheOldHistory()
    {
        Beat(0, new(s_epoch, 2, 0, [Line(1), Line(2)]));
        // The log was set back to 1 and has counted on: its 2 is another one, and its 3 does not follow ours.
        Assert.Equal(PushOutcome.Heartbeat, _replica.Push(s_epoch, LogRecord.Parse(Line(2).Replace("id2", "other", StringComparison.Ordinal)), "id1"));
        Assert.Equal(PushOutcome.Heartbeat, _replica.Push(s_epoch, LogRecord.Parse(Line(3)), "other"));
        Assert.Equal(2, _replica.Current!.Applied);
        Assert.Equal(PushOutcome.Acknowledge, _replica.Push(s_epoch, LogRecord.Parse(Line(3)), "id2"));
    }

    [Fact]
    public void Push_BeforeThereIsAState_AsksForAHeartbeat()
    {
        Assert.Equal(PushOutcome.Heartbeat, _replica.Push(s_epoch, LogRecord.Parse(Line(1))));
        Assert.Null(_replica.Current);
    }

    [Fact]
    public void Leave_ReplyStillToCome_GivesNoLease()
    {
        var request = _replica.BeginHeartbeat(0, mode: null);
        _replica.Leave();
        Assert.False(_replica.Complete(request, Reply(0), Seconds(0.1)).Leased);
        Assert.Equal(ServingRight.None, _replica.TakeRight(Seconds(0.2), out _));
    }

    [Fact]
    public void Hold_Purge_NoLeaseUntilItIsIn()
    {
        Beat(0, Reply(0));
        _replica.Hold([new() { Keys = ["k"] }]);
        Assert.Equal(ServingRight.None, _replica.TakeRight(Seconds(0.1), out _));
        Assert.False(Beat(0.2, Reply(0)).Leased);
        _replica.Hold([]);
        Assert.True(Beat(0.3, Reply(0)).Leased);
    }

    [Fact]
    public void BeginHeartbeat_NothingButStaleMastersForTwoLeases_ForcesARotation()
    {
        Beat(0, Reply(0));
        _replica.Fail(LogFailure.StaleMaster, Seconds(1));
        _replica.Fail(LogFailure.StaleMaster, Seconds(4));
        Assert.False(_replica.BeginHeartbeat(Seconds(4.9), mode: null).Force);
        Assert.True(_replica.BeginHeartbeat(Seconds(5), mode: null).Force);
        _replica.Fail(LogFailure.Unreachable, Seconds(5));
        _replica.Fail(LogFailure.StaleMaster, Seconds(5.1));
        Assert.False(_replica.BeginHeartbeat(Seconds(6), mode: null).Force);
    }

    [Fact]
    public void BeginHeartbeat_WithStandbys_NeverForces()
    {
        var replica = new LogReplica("r", s_options with { Standbys = 1 }, new AppliedLog(), _ => { });
        replica.Fail(LogFailure.StaleMaster, 0);
        Assert.False(replica.BeginHeartbeat(Seconds(100), mode: null).Force);
    }

    [Fact]
    public void Register_LongerLease_ServesFromMemoryOnlyAfterAHeartbeatUnderIt()
    {
        Beat(0, Reply(0));
        _replica.Register(TimeSpan.FromSeconds(32));
        Assert.Equal(ServingRight.None, _replica.TakeRight(Seconds(3), out _));
        Beat(4, Reply(0));
        Assert.Equal(ServingRight.Full, _replica.TakeRight(Seconds(5.9), out _));
        Assert.Equal(ServingRight.MemoryOnly, _replica.TakeRight(Seconds(35.9), out _));
        Assert.Equal(ServingRight.None, _replica.TakeRight(Seconds(36), out _));
        _replica.Register(TimeSpan.FromSeconds(2));
        Assert.Equal(TimeSpan.FromSeconds(32), _replica.BeginHeartbeat(Seconds(37), mode: null).Registered);
    }

    private HeartbeatOutcome Beat(double at, HeartbeatReply reply) =>
        _replica.Complete(_replica.BeginHeartbeat(Seconds(at), mode: null), reply, Seconds(at));

    private static HeartbeatReply Reply(long sequence) => new(s_epoch, sequence, 0, []);

    private static string Line(long sequence) => $$"""{{sequence}} id{{sequence}} 1700000000 {"version":1,"mode":"hard","keys":["k{{sequence}}"]}""";

    private static long Seconds(double seconds) => (long)(seconds * 1_000_000_000);
}
