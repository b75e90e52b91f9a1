namespace Bench;

/// <summary>What to measure and for how long.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
        usage: bench/run.sh [guide] [hit] [shared] [miss] [start] [purge] [pattern] [many] [log] [--quick] [--million]

          guide   the caching guide's requests, with and without the cache
          hit     CPU per memory hit against bare Kestrel, nginx proxy_cache and Varnish
          shared  CPU per hit in Redis against bare Kestrel
          miss    CPU per miss against plain YARP
          start   native AOT: file size, first answer, resident memory (publishes: some minutes)
          purge   acknowledgement of purges by three replicas
          pattern time to effect of a purge by pattern on 10, 1 000 and 1 000 000 entries in Redis (some GB, and minutes to fill it)
          many    CPU per memory hit before and after 100 000 purges of other things
          log     acknowledgement by 50 log clients, patterns on few and many entries, a hit's check after 100 000 purges
          --quick fewer and shorter rounds, to see that it runs; the results are not kept
          --million  log: a pattern on 1 000 000 entries, too (some GB of memory)

        Without a name all of them. Results replace their part of bench/RESULTS.md.
        """;

    public static readonly IReadOnlyList<string> AllParts = ["guide", "hit", "shared", "miss", "start", "purge", "pattern", "many", "log"];

    public required IReadOnlyList<string> Parts { get; init; }

    public bool Quick { get; init; }

    public bool Million { get; init; }

    public IReadOnlyList<int> PatternSizes => Million ? [10, 1_000, 100_000, 1_000_000] : [10, 1_000, 100_000];

    /// <summary>How many entries there are in Redis when a pattern names all of them.</summary>
    public IReadOnlyList<int> KeyspaceSizes => Quick ? [10, 1_000] : [10, 1_000, 1_000_000];

    public int ManyPurges => Quick ? 1_000 : 100_000;

    public int Rounds => Quick ? 2 : 9;

    public TimeSpan RoundLength => TimeSpan.FromSeconds(Quick ? 1 : 3);

    /// <summary>Compiling for speed happens beside the load, on the one processor that the server has.</summary>
    public TimeSpan WarmUp => TimeSpan.FromSeconds(Quick ? 2 : 25);

    public int Purges => Quick ? 100 : 2_000;

    public int Starts => Quick ? 3 : 9;

    /// <summary>Null when the arguments are not understood or ask for help.</summary>
    public static BenchOptions? Parse(IReadOnlyCollection<string> args)
    {
        var parts = args.Where(a => !a.StartsWith('-')).ToList();
        var flags = args.Where(a => a.StartsWith('-')).ToList();
        if (parts.Except(AllParts).Any() || flags.Except(["--quick", "--million"]).Any())
            return null;
        return new BenchOptions { Parts = parts.Count == 0 ? AllParts : parts, Quick = flags.Contains("--quick"), Million = flags.Contains("--million") };
    }
}
