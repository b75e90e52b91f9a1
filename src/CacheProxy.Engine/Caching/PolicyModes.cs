using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Engine.Caching;

/// <summary>
/// Whether a policy is in force at this moment: what its configuration says, unless the kill switch says less. <c>On</c> there means "as
/// configured": it takes a policy out of a setting for all.
/// </summary>
internal sealed class PolicyModes(IModeSwitch? killSwitch)
{
    public PolicyMode Of(CachePolicy policy) => killSwitch?.For(policy.Name) switch
    {
        CacheMode.Off => PolicyMode.Off,
        CacheMode.Shadow when policy.Mode == PolicyMode.On => PolicyMode.Shadow,
        _ => policy.Mode,
    };
}
