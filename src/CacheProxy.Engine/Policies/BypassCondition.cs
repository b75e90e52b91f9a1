using System.Collections.Frozen;

namespace CacheProxy.Engine.Policies;

internal enum ConditionVerdict
{
    /// <summary>The value means something else: it stays in key and request.</summary>
    Stays,

    /// <summary>It asks to go past the cache.</summary>
    Bypasses,

    /// <summary>It asks for what happens anyway: it is taken out of key and request.</summary>
    TakenOut,
}

/// <summary>
/// One line of <c>Bypass</c>. <c>false</c> and <c>true</c> stand for all the spellings that pydantic reads so, since the backend reads
/// them so too; <c>*</c> for any value; anything else for itself.
/// </summary>
internal sealed record BypassCondition(TemplateName Name, string Value)
{
    private static readonly FrozenSet<string> s_false =
        new[] { "0", "off", "f", "false", "n", "no" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> s_true =
        new[] { "1", "on", "t", "true", "y", "yes" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public ConditionVerdict Judge(string value)
    {
        if (Value == "*") return ConditionVerdict.Bypasses;
        if (Value.Equals("false", StringComparison.OrdinalIgnoreCase)) return Judge(value, s_false, s_true);
        if (Value.Equals("true", StringComparison.OrdinalIgnoreCase)) return Judge(value, s_true, s_false);
        return value == Value ? ConditionVerdict.Bypasses : ConditionVerdict.Stays;
    }

    private static ConditionVerdict Judge(string value, FrozenSet<string> bypass, FrozenSet<string> takenOut) =>
        bypass.Contains(value) ? ConditionVerdict.Bypasses : takenOut.Contains(value) ? ConditionVerdict.TakenOut : ConditionVerdict.Stays;
}
