using System.Globalization;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>
/// Virtual time: the next event is taken as soon as the one before has ended, on one thread, so that a seed decides everything. Invariant:
/// nothing in a simulation reads a real clock, waits, or runs on the pool.
/// </summary>
internal sealed class Scheduler(int seed, bool tracing)
{
    public const long Millisecond = 1_000_000;
    public const long Second = 1_000 * Millisecond;

    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly List<string> _trace = [];
    private long _order;

    public Random Random { get; } = new(seed);

    /// <summary>Nanoseconds since the schedule began.</summary>
    public long Now { get; private set; }

    public long Events => _order;

    public IReadOnlyList<string> TraceLines => _trace;

    public void After(long delay, Action action) => _events.Enqueue(action, (Now + Math.Max(0, delay), _order++));

    public void RunUntil(long end, Func<bool> stop)
    {
        while (!stop() && _events.TryDequeue(out var action, out var at) && at.Time <= end)
        {
            Now = at.Time;
            action();
        }
    }

    public bool Chance(double probability) => Random.NextDouble() < probability;

    public long Between(long from, long to) => Random.NextInt64(from, Math.Max(from + 1, to));

    public T Any<T>(IReadOnlyList<T> of) => of[Random.Next(of.Count)];

    public void Trace(string who, FormattableString what)
    {
        if (tracing) _trace.Add(string.Create(CultureInfo.InvariantCulture, $"{Now / 1e9,10:0.000000} {who,-8} {FormattableString.Invariant(what)}"));
    }
}
