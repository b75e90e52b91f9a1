namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// Rules of INVALIDATION that were once left out or read differently, each as a switch in the simulation's twin of the step. A schedule with
/// one of them must end in a stale read, or the simulation proves nothing about that rule.
/// </summary>
internal enum Mistake
{
    None,

    /// <summary>1: a restart with the old data, or a promotion, goes on in the same epoch.</summary>
    EpochNotBoundToLife,

    /// <summary>2: a server that was rolled back goes on although a replica's record differs from the log's.</summary>
    ForkNotSeen,

    /// <summary>2: a pushed record is applied by its number alone, though a roll-back made the log count on from an older one.</summary>
    PredecessorNotCompared,

    /// <summary>2: a replica registers the same number each time, so that one that came back is struck off.</summary>
    RegistrationNotUnique,

    /// <summary>2: a replica that serves beyond its lease registers the lease alone.</summary>
    LongerLeaseNotRegistered,

    /// <summary>2: the lease counts from the heartbeat's reply.</summary>
    LeaseFromReply,

    /// <summary>2: the lease is taken before the records up to the reply are applied.</summary>
    LeaseWithoutCatchingUp,

    /// <summary>2: a pushed record is applied over a gap.</summary>
    GapSkipped,

    /// <summary>2: a record is acknowledged when it comes, not when it is applied.</summary>
    AcknowledgedBeforeApplied,

    /// <summary>2: a record of a newer version, which cannot be read, is skipped.</summary>
    UnknownRecordSkipped,

    /// <summary>2: the clock stands still while the machine sleeps.</summary>
    ClockStopsInSleep,

    /// <summary>2: the lease is a flag that a timer clears.</summary>
    LeaseIsAFlag,

    /// <summary>2: appends and heartbeats do not wait for the standby.</summary>
    StandbyNotWaitedFor,

    /// <summary>2: a replica that leaves goes off the registry first and gives its lease up later.</summary>
    LeavesRegistryFirst,

    /// <summary>2: a replica's id is the same after a restart.</summary>
    ReplicaIdReused,

    /// <summary>3: the snapshot is read before the lease.</summary>
    SnapshotBeforeLease,

    /// <summary>3: the cache answers without a lease.</summary>
    LeaseNotAsked,

    /// <summary>3: the stamp is taken when the origin has answered.</summary>
    StampAfterTheAnswer,

    /// <summary>1: positions are compared without their epoch.</summary>
    EpochNotCompared,

    /// <summary>3: an entry from the shared tier is not checked.</summary>
    SharedNotChecked,

    /// <summary>3: a running fill is joined whatever has been purged since.</summary>
    JoinedUnchecked,

    /// <summary>3: without a lease a running fill is joined, not the next.</summary>
    JoinedWithoutLease,

    /// <summary>3: tags that the origin adds are not looked at when the head arrives.</summary>
    HeadNotChecked,

    /// <summary>3: whoever follows a fill is given as fresh what a soft purge of a tag that the origin adds has made stale.</summary>
    StaleFollowedAsFresh,

    /// <summary>1: an invalid entry is good enough in place of an error.</summary>
    InvalidAsFallback,

    /// <summary>1: an invalid entry is good enough to be validated: the origin's 304 brings it back.</summary>
    InvalidAsValidator,

    /// <summary>1: an invalid part is completed to a whole.</summary>
    InvalidPartCompleted,

    /// <summary>3: without a lease, too, a part is completed that the first request of a batch had found while there was one.</summary>
    PartUsedWithoutLease,

    /// <summary>3: what a 304 confirms is as new as the 304.</summary>
    ConfirmedTakesNewStamp,

    /// <summary>3: what a 304 confirms has the tags that the 304 names, not those that it had, too.</summary>
    ConfirmedLosesTags,

    /// <summary>3: a 304 is taken to be about whatever is stored when it comes, not about what was asked about.</summary>
    AnotherConfirmed,

    /// <summary>3: a 304 to a fill that began after a soft purge makes fresh again what it was about.</summary>
    SoftPurgeEndedByConfirmation,

    /// <summary>3: what a HEAD freshens is as new as the HEAD.</summary>
    HeadRaisesStamp,

    /// <summary>3: what is made of two parts is as new as the moment when they are united.</summary>
    UnitedTakesNewStamp,

    /// <summary>3: what is made of two parts has the tags of the policy, not of both.</summary>
    UnitedLosesTags,

    /// <summary>3: what is fetched at start, before there is a state, is stored under the first that comes.</summary>
    WarmedBeforeTheLease,

    /// <summary>3: a remembered access decision is as new as its answer, so that a check under way when the purge came is remembered past it.</summary>
    AccessStampedLate,

    /// <summary>3: an access decision is remembered for as long as it lives, whatever has been purged.</summary>
    AccessNotForgotten,

    /// <summary>3: an access decision is remembered without the policy's tags.</summary>
    AccessLosesTags,

    /// <summary>3: a caller waits for a check that was sent before the purge.</summary>
    AccessJoinedUnchecked,

    /// <summary>3: remembered access decisions count without a lease.</summary>
    AccessWithoutLease,

    /// <summary>3: an access decision outlives a soft purge, though a decision cannot be stale.</summary>
    AccessSurvivesSoftPurge,

    /// <summary>1: a soft purge leaves entries fresh.</summary>
    SoftIgnored,

    /// <summary>4: the registry is read in a step before the append.</summary>
    RegistryBeforeAppend,

    /// <summary>5: the registry is a key of its own, and can be evicted alone.</summary>
    RegistryEvictedAlone,

    /// <summary>4: acknowledgements count in whatever epoch they come.</summary>
    AcknowledgedInAnotherEpoch,

    /// <summary>4: no quarantine after a change of epoch.</summary>
    NoQuarantine,

    /// <summary>4: the wait counts from the call, not from the append's reply.</summary>
    WaitFromTheCall,

    /// <summary>4: the wait is for the purger's own lease, not for the largest of the registry.</summary>
    OwnLeaseWaitedOut,

    /// <summary>4: the wait leaves the drift of the clocks out.</summary>
    DriftLeftOut,

    /// <summary>4: whoever was waited out is struck off whatever has been registered since.</summary>
    StruckOffBlindly,

    /// <summary>4: a redelivery is answered at once, since the purge is recorded already.</summary>
    RedeliveryNotWaitedFor,

    /// <summary>4: another content under the same id is taken for a redelivery.</summary>
    IdWithoutContent,

    /// <summary>4: an unknown outcome counts as done.</summary>
    UnknownTakenForDone,
}
