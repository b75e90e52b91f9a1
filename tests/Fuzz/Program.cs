using System.Globalization;
using Fuzz;
using Fuzz.Targets;
using SharpFuzz;

// Fuzz                                  lists the targets
// Fuzz TARGET                           what afl-fuzz runs: inputs come from it (tests/fuzz.sh)
// Fuzz TARGET seeds FOLDER              writes the inputs to begin with
// Fuzz TARGET random SECONDS [SEED]     without afl-fuzz
// Fuzz TARGET replay FILE…              runs what was found, and shows the exception
FuzzTarget[] targets = [EntryTarget.Target, .. FieldTargets.All, GlobTarget.Target, JsonBodyTarget.Target, RoutesTarget.Target, LogRecordTarget.Target];
var target = args is [var name, ..] ? targets.SingleOrDefault(candidate => candidate.Name == name) : null;
if (target is null)
{
    foreach (var known in targets) Console.WriteLine(known.Name);
    return args.Length == 0 ? 0 : 2;
}

switch (args[1..])
{
    case []:
        // In a process of its own: a stack that overflows must end that one and be told.
        Fuzzer.OutOfProcess.Run(stream =>
        {
            using var input = new MemoryStream();
            stream.CopyTo(input);
            target.Run(input.ToArray());
        });
        return 0;
    case ["seeds", var folder]:
        Directory.CreateDirectory(folder);
        foreach (var (index, seed) in target.Seeds().Index()) File.WriteAllBytes(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"seed{index}")), seed);
        return 0;
    case ["random", var seconds, .. var rest]:
        var number = rest is [var text] ? int.Parse(text, CultureInfo.InvariantCulture) : 20_261_126;
        return new RandomDriver(target, number, TimeProvider.System).Run(TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)), Console.Out);
    case ["replay", .. var files]:
        foreach (var file in files)
        {
            Console.WriteLine(file);
            target.Run(File.ReadAllBytes(file));
        }
        return 0;
    default:
        Console.Error.WriteLine("Not understood. Without arguments the targets are listed; tests/fuzz.sh runs them.");
        return 2;
}
