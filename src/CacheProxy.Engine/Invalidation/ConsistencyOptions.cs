namespace CacheProxy.Engine.Invalidation;

/// <summary>How replicas agree on purges (<c>Consistency</c>).</summary>
public sealed record ConsistencyOptions
{
    /// <summary><c>Lease</c>: how long a replica may answer from its cache after it last knew the whole log; 200 ms to 60 s, default 2 s. A purge waits 1.25 times this for a replica that died.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>OnLostLease</c>: for policies that do not say it themselves.</summary>
    public OnLostLease OnLostLease { get; init; }

    /// <summary><c>ServeFor</c>: for how long after the lease memory answers under <see cref="Engine.OnLostLease.Serve"/>; up to 1 h, default 30 s.</summary>
    public TimeSpan ServeFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>Standbys</c>: how many of Redis' standbys may be promoted, and so must have each purge before it counts. Not set: 0, but then a server with standbys gives no lease, since it must be said.</summary>
    public int? Standbys { get; init; }

    /// <summary><c>LogLimit</c>: how many records the log keeps; 1 000 to 10 000 000, default 100 000.</summary>
    public int LogLimit { get; init; } = 100_000;

    /// <summary><c>LogBytes</c>: how many bytes of records the log keeps; from 1 MiB, default 16 MiB.</summary>
    public long LogBytes { get; init; } = 16L * 1024 * 1024;

    /// <summary>Adds what is out of its bounds to <paramref name="errors"/>, as setting, value and remedy.</summary>
    public void Validate(ICollection<string> errors)
    {
        Within("Lease", Lease, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(60), errors);
        Within("ServeFor", ServeFor, TimeSpan.Zero, TimeSpan.FromHours(1), errors);
        if (Standbys is < 0 or > 16) errors.Add($"Consistency:Standbys = {Standbys} is not between 0 and 16. Write how many standbys of Redis may be promoted.");
        if (LogLimit is < 1_000 or > 10_000_000) errors.Add($"Consistency:LogLimit = {LogLimit} is not between 1000 and 10000000 records.");
        if (LogBytes is < 1024 * 1024 or > 4L * 1024 * 1024 * 1024) errors.Add($"Consistency:LogBytes = {LogBytes} is not between 1 MiB and 4 GiB.");
    }

    private static void Within(string name, TimeSpan value, TimeSpan from, TimeSpan to, ICollection<string> errors)
    {
        if (value < from || value > to) errors.Add($"Consistency:{name} = {value} is not between {from} and {to}.");
    }
}
