using System.Collections.Concurrent;

namespace CacheProxy.Engine.Access;

/// <summary>
/// The questions that are under way, and the yeses that are remembered. Neither is looked at without a lease, and whoever finds one asks it
/// whether it is valid under the snapshot.
/// </summary>
internal sealed class AccessDecisions(TimeProvider time)
{
    private const int MaxRemembered = 100_000;
    private readonly ConcurrentDictionary<Hash256, AccessQuestion> _underWay = new();
    private readonly ConcurrentDictionary<Hash256, Yes> _remembered = new();

    /// <summary>The question whose answer was a yes that still lives; <see langword="null"/> for none.</summary>
    public AccessQuestion? Remembered(Hash256 key) =>
        _remembered.TryGetValue(key, out var yes) && time.GetElapsedTime(yes.Since) < yes.Life ? yes.Question : null;

    /// <summary>The one that was asked last and is not answered yet; <see langword="null"/> for none.</summary>
    public AccessQuestion? UnderWay(Hash256 key) => _underWay.GetValueOrDefault(key);

    public void Begin(AccessQuestion question) => _underWay[question.Key] = question;

    public void End(AccessQuestion question) => _underWay.TryRemove(new(question.Key, question));

    /// <summary>Remembers a yes, for so long and with the position of its question.</summary>
    public void Remember(AccessQuestion question, TimeSpan life)
    {
        if (question.Stamp is null) return;
        // Forgetting all of it costs a cheap question per caller; keeping what attackers choose would cost memory.
        if (_remembered.Count >= MaxRemembered) _remembered.Clear();
        _remembered[question.Key] = new Yes(question, time.GetTimestamp(), life);
    }

    private sealed record Yes(AccessQuestion Question, long Since, TimeSpan Life);
}
