using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>What the kill switch can set a policy to, over its own configuration.</summary>
public enum CacheMode
{
    /// <summary>The cache works.</summary>
    On,

    /// <summary>Every request goes past it.</summary>
    Off,

    /// <summary>Evaluated and counted, neither stored nor served.</summary>
    Shadow,
}

/// <summary>One setting of the kill switch.</summary>
/// <param name="Policy">A policy's name, or <c>*</c> for all.</param>
/// <param name="Mode">What it is set to.</param>
/// <param name="Until">When it ends by itself; <see langword="null"/>: when it is taken back.</param>
public sealed record ModeOverride(string Policy, CacheMode Mode, DateTimeOffset? Until);

/// <summary>The kill switch: cluster-wide with Redis, in effect everywhere within a third of the lease; of this process without.</summary>
public interface IModeSwitch
{
    /// <summary>All settings in effect now.</summary>
    ImmutableArray<ModeOverride> Overrides { get; }

    /// <summary>What a policy is set to: its own setting, else that of <c>*</c>, else <see langword="null"/>. Allocates nothing.</summary>
    CacheMode? For(string policy);

    /// <summary>Sets a policy, or all with <c>*</c>; a mode of <see langword="null"/> takes the setting back.</summary>
    /// <exception cref="InvalidationNotRecordedException">The log's store did not take it: nothing, or only this attempt's effect, is known.</exception>
    Task SetModeAsync(string policy, CacheMode? mode, TimeSpan? duration, CancellationToken cancellationToken);
}
