namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// The steps that the log takes at its server, each of them atomic there (INVALIDATION 2 to 5). What they mean for this replica is
/// <see cref="LogReplica"/>'s and <see cref="PurgeWait"/>'s business, so that a simulated server can take the place of Redis. Every failure is
/// a <see cref="LogTransportException"/>.
/// </summary>
internal interface ILogTransport
{
    /// <summary>Whom to tell of messages, in the order in which they came. Set before the first call.</summary>
    ILogMessages Messages { set; }

    /// <summary>Whether messages can be heard at all. If not, each heartbeat tries to change that.</summary>
    bool IsListening { get; }

    /// <summary>Synchronous, for the log's own thread.</summary>
    HeartbeatReply Heartbeat(HeartbeatRequest request);

    /// <summary>Synchronous, for the log's own thread: purges that were kept.</summary>
    AppendReply Append(AppendRequest request);

    /// <summary>Records a purge.</summary>
    Task<AppendReply> AppendAsync(AppendRequest request);

    /// <summary>Writes and publishes how far a replica is, if epoch and registration still stand.</summary>
    Task AcknowledgeAsync(Position applied, string replica);

    /// <summary>The registry of an epoch; <see langword="null"/> if that epoch is over.</summary>
    Task<ReplicaRegistry?> PollAsync(Epoch epoch);

    /// <summary>Takes a replica off the registry if its registration is still this one.</summary>
    Task StrikeOffAsync(Epoch epoch, string replica, string registration);

    /// <summary>Removes the oldest records until the log is within the bounds, or a part of them.</summary>
    Task TrimAsync(Epoch epoch, TrimBounds bounds);

    /// <summary>Sets the kill switch and announces it; <see langword="null"/> takes all settings back.</summary>
    Task SetModeAsync(string? settings, TimeSpan? lifetime);

    /// <summary>Listens anew, with the next heartbeat: nothing has been heard for too long.</summary>
    void ListenAgain();

    /// <summary>Looks for the server that is the master now, after one has said that it is not.</summary>
    void FindMaster();

    /// <summary>Synchronous: takes this replica off the registry; its lease has been given up.</summary>
    void Leave(Epoch epoch, string replica);
}

/// <summary>What is heard from the server between the calls.</summary>
internal interface ILogMessages
{
    /// <summary>A record was published.</summary>
    /// <param name="epoch">The log's life.</param>
    /// <param name="previous">The id of the record before it; empty if there is none any more.</param>
    /// <param name="line">The record.</param>
    void OnRecord(Epoch epoch, string previous, string line);

    /// <summary>A replica has acknowledged.</summary>
    void OnAcknowledgement(Epoch epoch, string replica, long applied);

    /// <summary>The kill switch was moved.</summary>
    void OnModeChanged();

    /// <summary>There is a connection again.</summary>
    void OnReconnected();
}

/// <summary>What a heartbeat says.</summary>
/// <param name="Replica">Who.</param>
/// <param name="Applied">Where it is; <see langword="null"/> without a state.</param>
/// <param name="AppliedId">The id of the record there; empty if unknown.</param>
/// <param name="Registered">The lease that it registers.</param>
/// <param name="Force">Whether to rotate away from a newer epoch that cannot be reached.</param>
/// <param name="Mode">The kill switch as it knows it, for a server that has lost it.</param>
/// <param name="Started">When it began, on the boot clock.</param>
internal sealed record HeartbeatRequest(
    string Replica, Position? Applied, string AppliedId, TimeSpan Registered, bool Force, ModeSetting? Mode, long Started);

/// <summary>The kill switch as it is stored.</summary>
/// <param name="Text">Its settings.</param>
/// <param name="Lifetime">What is left of it; <see langword="null"/>: no end.</param>
internal sealed record ModeSetting(string Text, TimeSpan? Lifetime);

/// <summary>What a heartbeat brings.</summary>
/// <param name="Epoch">The log's life.</param>
/// <param name="Sequence">The number of its last record.</param>
/// <param name="Floor">The number of the last record that is gone.</param>
/// <param name="Lines">Records after the caller's position, or after the floor; not all of them, if there are many.</param>
internal sealed record HeartbeatReply(Epoch Epoch, long Sequence, long Floor, IReadOnlyList<string> Lines)
{
    /// <summary>The kill switch.</summary>
    public ModeSetting? Mode { get; init; }

    /// <summary>How many replicas are registered.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>How many bytes the records take.</summary>
    public long Bytes { get; init; }

    /// <summary>When the oldest record was written, in Unix seconds; 0 if there is none.</summary>
    public long OldestTime { get; init; }

    /// <summary>When the newest record was written, in Unix seconds; 0 if there is none.</summary>
    public long NewestTime { get; init; }
}

/// <summary>A purge to be recorded.</summary>
/// <param name="Known">The epoch that the caller knows.</param>
/// <param name="Id">Names the purge; no spaces.</param>
/// <param name="Json">The record's body.</param>
/// <param name="Mode">The kill switch as the caller knows it.</param>
internal sealed record AppendRequest(Epoch? Known, string Id, string Json, ModeSetting? Mode);

/// <summary>A purge that was recorded, now or before.</summary>
/// <param name="Position">Where.</param>
/// <param name="Registry">Who was registered in the same step.</param>
/// <param name="Again">Whether it had been recorded before.</param>
/// <param name="Records">How many records the log holds.</param>
/// <param name="Bytes">How many bytes they take.</param>
internal sealed record AppendReply(Position Position, ReplicaRegistry Registry, bool Again, long Records, long Bytes);

/// <summary>Bounds of the log.</summary>
/// <param name="Records">Most records.</param>
/// <param name="Bytes">Most bytes.</param>
/// <param name="OldestTime">Records from before go, in Unix seconds; 0 for none.</param>
internal sealed record TrimBounds(long Records, long Bytes, long OldestTime);
