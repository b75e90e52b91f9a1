using System.Globalization;

namespace Fuzz;

/// <summary>
/// Inputs made from the seeds by random changes, without any feedback from the code that reads them: what is left where no afl-fuzz is. It
/// keeps the input that breaks something in a file.
/// </summary>
internal sealed class RandomDriver(FuzzTarget target, int seed, TimeProvider time)
{
    private const int LongestInput = 8_192;

    // A reader that takes so long for one input can be held up by many.
    private static readonly TimeSpan s_slow = TimeSpan.FromSeconds(1);

    private static readonly byte[][] s_pieces =
        [.. ((string[])["\0", "\u00ff", "\"", "\\", ",", ";", "=", "*", "[", "]", "{", "}", ":", "0", "99999999999999999999", "-1", "\\ud800", "null", "\n", " ", "%", "e400"]).Select(System.Text.Encoding.Latin1.GetBytes)];

    private readonly IReadOnlyList<byte[]> _seeds = target.Seeds();

    /// <summary>Runs for so long, or until something breaks.</summary>
    /// <returns>The exit code: 0 when nothing broke.</returns>
    public int Run(TimeSpan duration, TextWriter output)
    {
        var random = new Random(seed);
        var started = time.GetTimestamp();
        long inputs = 0;
        for (; time.GetElapsedTime(started) < duration; inputs++)
        {
            var input = Make(random);
            try
            {
                if (Fastest(input) is var took && took > s_slow) return Report(input, $"takes {took} each time", output);
            }
            catch (Exception exception)
            {
                return Report(input, exception.ToString(), output);
            }
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{target.Name}: {inputs} random inputs from seed {seed} in {duration.TotalSeconds:0} s, without coverage; nothing broke"));
        return 0;
    }

    // What is slow once may have waited for a processor.
    private TimeSpan Fastest(byte[] input)
    {
        var fastest = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < 4 && fastest > s_slow; attempt++)
        {
            var before = time.GetTimestamp();
            target.Run(input);
            var took = time.GetElapsedTime(before);
            if (took < fastest) fastest = took;
        }
        return fastest;
    }

    private int Report(byte[] input, string what, TextWriter output)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("cacheproxy-fuzz-").FullName, target.Name);
        File.WriteAllBytes(file, input);
        output.WriteLine($"{target.Name}, seed {seed}: {what}\nThe input is in {file}");
        return 1;
    }

    private byte[] Make(Random random)
    {
        var input = new List<byte>(_seeds[random.Next(_seeds.Count)]);
        for (var changes = random.Next(1, 8); changes > 0; changes--)
        {
            var at = random.Next(input.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < input.Count: input[at] ^= (byte)(1 << random.Next(8)); break;
                case 1 when at < input.Count: input[at] = (byte)random.Next(256); break;
                case 2 when at < input.Count: input.RemoveRange(at, random.Next(1, input.Count - at + 1)); break;
                case 3: input.InsertRange(at, s_pieces[random.Next(s_pieces.Length)]); break;
                case 4 when at < input.Count:
                    var part = input.GetRange(at, random.Next(1, Math.Min(64, input.Count - at) + 1));
                    input.InsertRange(random.Next(input.Count), part);
                    break;
                default:
                    var other = _seeds[random.Next(_seeds.Count)];
                    input.InsertRange(at, other[..random.Next(other.Length + 1)]);
                    break;
            }
        }
        return input.Count > LongestInput ? [.. input[..LongestInput]] : [.. input];
    }
}
