using CacheProxy.Engine.Caching;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>What a fill makes of stored responses (304, HEAD, parts); as the product made it, but for the mistake that is planted.</summary>
internal sealed class Derivation(Mistake mistake, SimulatedReplica replica, Fill fill)
{
    /// <summary>The position when the answer comes, not before it was asked for.</summary>
    private Position Now => replica.Log.Current?.Position ?? fill.Snapshot!.Position;

    /// <summary>What the request to the origin may be based on.</summary>
    public MemoryEntry? Validated(MemoryEntry? stored) => mistake switch
    {
        Mistake.InvalidAsValidator => fill.Stored,
        // Nobody has looked yet whether this one is behind a purge.
        Mistake.SoftPurgeEndedByConfirmation when stored is not null => new MemoryEntry(stored.Response, replica.Time),
        _ => stored,
    };

    public DecidedHead Decided(DecidedHead head, FillBasis basis)
    {
        if (head.Outcome is FillOutcome.Serving { Result: CacheResult.Revalidated } confirmed)
        {
            return mistake switch
            {
                Mistake.ConfirmedTakesNewStamp when head.Freshened is { } merged => Confirm(confirmed.Entry, merged with { Stamp = Now }),
                Mistake.SoftPurgeEndedByConfirmation when head.Freshened is { } merged => Confirm(confirmed.Entry, merged with { Stamp = fill.Snapshot!.Position }),
                Mistake.ConfirmedLosesTags when head.Freshened is { } merged => Confirm(confirmed.Entry, merged with { Tags = fill.Plan.Tags }),
                Mistake.AnotherConfirmed when Whole() is { } other => head with { Outcome = confirmed with { Entry = other } },
                _ => head,
            };
        }

        if (mistake == Mistake.HeadRaisesStamp && fill.Request.IsHead && head.Freshened is { } fresh && Whole() is { } entry && ReferenceEquals(entry.Response, fresh))
        {
            var raised = fresh with { Stamp = Now };
            replica.Memory.Replace(entry, raised);
            return head with { Freshened = raised };
        }

        return basis.Completes is not null && head.Prototype is { } prototype ? head with { Prototype = United(prototype) } : head;
    }

    public StoredResponse United(StoredResponse united) => mistake switch
    {
        Mistake.UnitedTakesNewStamp => united with { Stamp = Now },
        Mistake.UnitedLosesTags => united with { Tags = fill.Plan.Tags },
        _ => united,
    };

    private MemoryEntry? Whole() => replica.Memory.Find(fill.Plan.Identity).FirstOrDefault(e => !e.Response.IsPartial);

    private DecidedHead Confirm(MemoryEntry entry, StoredResponse changed) => new(
        new FillOutcome.Serving(replica.Memory.Replace(entry, changed) ?? new MemoryEntry(changed, replica.Time), CacheResult.Revalidated, null), null, changed);
}
