using System.Collections.Immutable;

namespace CacheProxy.Engine.Invalidation;

/// <summary>The settings of the kill switch as this replica knows them.</summary>
internal sealed class ModeTable(TimeProvider time)
{
    private ImmutableArray<ModeOverride> _all = [];

    public ImmutableArray<ModeOverride> Current => _all.IsEmpty ? _all : [.. _all.Where(IsInEffect)];

    public CacheMode? For(string policy)
    {
        CacheMode? ofAll = null;
        foreach (var setting in _all)
        {
            if (!IsInEffect(setting)) continue;
            if (setting.Policy == policy) return setting.Mode;
            if (setting.Policy == "*") ofAll = setting.Mode;
        }

        return ofAll;
    }

    public ImmutableArray<ModeOverride> With(string policy, CacheMode? mode, TimeSpan? duration)
    {
        ArgumentException.ThrowIfNullOrEmpty(policy);
        var others = Current.RemoveAll(m => m.Policy == policy);
        return mode is { } to ? others.Add(new(policy, to, time.GetUtcNow() + duration)) : others;
    }

    public void Replace(ImmutableArray<ModeOverride> all) => ImmutableInterlocked.InterlockedExchange(ref _all, all);

    private bool IsInEffect(ModeOverride setting) => setting.Until is not { } until || until > time.GetUtcNow();
}
