namespace CacheProxy.Engine.Invalidation;

/// <summary>How a step at the log's server can fail.</summary>
internal enum LogFailure
{
    /// <summary>No connection, a time-out, an error of the server that no other member names: whether the step was taken is unknown.</summary>
    Unreachable,

    /// <summary>The server is not the master any more.</summary>
    NotMaster,

    /// <summary>The caller has seen a newer epoch than the server's.</summary>
    StaleMaster,

    /// <summary>The user lacks rights, or the server does not say which life it is in.</summary>
    NoRights,

    /// <summary>The server is full and refuses writes.</summary>
    Full,

    /// <summary>Fewer standbys than must be have confirmed the step, or nobody has said how many must.</summary>
    Standbys,
}

/// <summary>A step at the log's server that failed, or of which nobody knows.</summary>
internal sealed class LogTransportException(LogFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public LogFailure Failure { get; } = failure;
}
