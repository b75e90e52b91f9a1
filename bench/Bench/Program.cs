using Bench;
using Bench.Parts;

if (BenchOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine(BenchOptions.Usage);
    return 2;
}

var results = ResultsFile.Open();
var missed = false;
foreach (var part in BenchOptions.AllParts.Where(options.Parts.Contains))
{
    Console.WriteLine($"== {part}");
    var table = part switch
    {
        "guide" => await GuidePart.MeasureAsync(options),
        "hit" => await HitPart.MeasureAsync(options),
        "shared" => await SharedHitPart.MeasureAsync(options),
        "miss" => await MissPart.MeasureAsync(options),
        "start" => await StartPart.MeasureAsync(options),
        "pattern" => await PatternPart.MeasureAsync(options),
        "many" => await ManyPurgesPart.MeasureAsync(options),
        "log" => await LogPart.MeasureAsync(options),
        _ => await PurgePart.MeasureAsync(options),
    };
    Console.WriteLine(table.Text);
    missed |= !table.WithinContract;
    if (!options.Quick)
        results.Replace(part, table);
}

return missed ? 1 : 0;
