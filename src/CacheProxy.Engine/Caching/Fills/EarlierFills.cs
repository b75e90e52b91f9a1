using CacheProxy.Engine.Storage;

namespace CacheProxy.Engine.Caching.Fills;

/// <summary>
/// What another fill has stored since this one's request looked into memory: it was running then, and had ended when this one was to be
/// joined to it. Without this look both would ask the origin.
/// </summary>
internal sealed class EarlierFills(MemoryTier memory, CacheHeaders headers, TimeProvider time)
{
    /// <summary>The stored response that answers a fill's request, valid under the fill's own position (INVALIDATION 3).</summary>
    public MemoryEntry? AnswerTo(Fill fill)
    {
        if (!fill.MayUseStored || fill.Snapshot is not { } snapshot) return null;
        var request = fill.Request;
        var selection = new RequestSelection(request.Headers, fill.Plan.Policy, headers);
        return Reuse.Select(memory.Find(fill.Plan.Identity), fill.Plan, selection, snapshot).Whole is { } whole
            && Reuse.Answers(whole, snapshot, request.Directives, request.Method, request.Headers, time) ? whole : null;
    }
}
