using System.Text;

namespace Fuzz;

/// <summary>Something that reads what strangers write. It must not throw, whatever it is given, and must keep what it promises.</summary>
/// <param name="Name">How the command line calls it.</param>
/// <param name="Run">Reads one input and throws if a promise was broken.</param>
/// <param name="Seeds">Makes good inputs to begin with. Like <paramref name="Run"/> it is the first to touch the code under test: that cannot run before afl-fuzz has shared its map.</param>
internal sealed record FuzzTarget(string Name, Action<byte[]> Run, Func<IReadOnlyList<byte[]>> Seeds)
{
    /// <summary>A target over text: Latin-1, as header fields are.</summary>
    public static FuzzTarget OfText(string name, Action<string> run, params string[] seeds) =>
        new(name, input => run(Encoding.Latin1.GetString(input)), () => [.. seeds.Select(Encoding.Latin1.GetBytes)]);

    /// <summary>A target over UTF-8.</summary>
    public static FuzzTarget OfBytes(string name, Action<byte[]> run, params string[] seeds) =>
        new(name, run, () => [.. seeds.Select(Encoding.UTF8.GetBytes)]);
}

/// <summary>What a target promised and did not keep.</summary>
internal sealed class BrokenPromiseException(string message) : Exception(message)
{
    public static void ThrowIf(bool broken, string what)
    {
        if (broken) throw new BrokenPromiseException(what);
    }
}
