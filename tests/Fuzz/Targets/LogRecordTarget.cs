using System.Text;
using CacheProxy.Engine.Invalidation;

namespace Fuzz.Targets;

/// <summary>The lines of the purge log: what is not understood is a purge of everything, and what is understood means the same when it is written again.</summary>
internal static class LogRecordTarget
{
    public static FuzzTarget Target { get; } = FuzzTarget.OfBytes(
        "log-records", Run,
        """7 id-1 1764072000 {"version":1,"mode":"hard","keys":["a"],"tags":["t:1"],"patterns":["p:*"],"everything":false}""", """8 x 1 {"version":1,"mode":"soft","everything":true}""", "9", "10 id", "11 id 5 {}");

    private static void Run(byte[] input)
    {
        if (LogRecord.Parse(Encoding.UTF8.GetString(input)) is not { Invalidation: { } understood } record) return;
        BrokenPromiseException.ThrowIf(understood.IsEmpty, "a record that purges nothing");
        var everything = LogRecord.OrEverything(understood);
        if (everything.Everything && !understood.Everything) return;
        var again = LogRecord.Parse($"{record.Sequence} {record.Id} {record.Time} {LogRecord.Serialize(everything)}");
        BrokenPromiseException.ThrowIf(again?.Invalidation is not { } other || !other.Keys.SequenceEqual(understood.Keys) || !other.Patterns.SequenceEqual(understood.Patterns), "another purge came back");
    }
}
