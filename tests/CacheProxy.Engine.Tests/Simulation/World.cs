using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Policies;
using CacheProxy.Engine.Tests.Policies;
using Purge = CacheProxy.Engine.Invalidation.Invalidation;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>What is cached: a key, its tags, and what the origin adds to them with the head.</summary>
internal sealed class Model
{
    /// <summary>What the origin adds.</summary>
    public const string LateTag = "late";

    // Only with the origin in charge are there parts, and HEADs that freshen.
    private static readonly CachePolicy s_policy = PolicyRequests.Compile(new() { Name = "simulated", Ttl = "Origin" });

    private Model(int index)
    {
        Index = index;
        Key = $"m:{index}";
        Tags = [$"model:{index}", index % 2 == 0 ? "even" : "odd"];
        AllTags = index >= 2 ? [.. Tags, LateTag] : Tags;
        Span<byte> identity = stackalloc byte[Hash256.Size];
        identity[0] = (byte)(index + 1);
        Identity = new Hash256(identity);
        Plan = new RequestPlan { Policy = s_policy, PrimaryKey = Key, Name = Key, Identity = Identity, Tags = Tags, Target = "/" + index };
    }

    public static ImmutableArray<Model> All { get; } = [.. Enumerable.Range(0, 4).Select(i => new Model(i))];

    public int Index { get; }

    public string Key { get; }

    public ImmutableArray<string> Tags { get; }

    public ImmutableArray<string> AllTags { get; }

    public Hash256 Identity { get; }

    public RequestPlan Plan { get; }
}

/// <summary>What a read must at least see, by model.</summary>
internal sealed class Floors
{
    private readonly int[] _hard = new int[Model.All.Length];
    private readonly int[] _soft = new int[Model.All.Length];
    private readonly int[] _access = new int[Model.All.Length];

    public int Hard(Model model) => _hard[model.Index];

    public int Soft(Model model) => _soft[model.Index];

    /// <summary>Of access decisions: they have the policy's tags, none of the origin's, and are never stale.</summary>
    public int Access(Model model) => _access[model.Index];

    public void Raise(Model model, int version, Purge purge)
    {
        Raise(purge.Mode == InvalidationMode.Soft ? _soft : _hard, model, version);
        if (!purge.Tags.Contains(Model.LateTag)) Raise(_access, model, version);
    }

    private static void Raise(int[] floors, Model model, int version) => floors[model.Index] = Math.Max(floors[model.Index], version);
}

/// <summary>The servers, replicas and the origin of one schedule, and what has been promised so far.</summary>
internal sealed class World(Scheduler scheduler, Mistake mistake, SimulatedNetwork network, int standbys)
{
    private long _forgivenUntil = long.MinValue;
    private readonly List<(SimulatedRedis Redis, long Offset, Action<bool> Then)> _waiting = [];

    public Scheduler Scheduler => scheduler;

    public Mistake Mistake => mistake;

    public SimulatedNetwork Network => network;

    /// <summary>Whether responses are made of responses: validated often, asked for in parts, freshened by HEAD.</summary>
    public bool Derives { get; init; }

    /// <summary>Whether what derives is asked for in parts, mostly.</summary>
    public bool ReadsParts { get; init; }

    /// <summary>Whether requests look into the shared tier before they fill; with an open breaker they do not, and policies in C# never do.</summary>
    public bool LooksBeforeFills { get; init; }

    /// <summary>Whether callers are checked before they see anything.</summary>
    public bool ChecksAccess { get; init; }

    /// <summary><c>Consistency:Standbys</c>.</summary>
    public int Standbys => standbys;

    /// <summary>All there are; the first is the master at the beginning.</summary>
    public List<SimulatedRedis> Servers { get; } = [];

    public SimulatedReplica[] Replicas { get; set; } = [];

    public SimulatedRedis[] Routes { get; set; } = [];

    public SimulatedRedis Master { get; set; } = null!;

    /// <summary>The origin: the version that it answers with now.</summary>
    public int[] Committed { get; } = new int[Model.All.Length];

    public Floors Promised { get; } = new();

    /// <summary>What <see cref="IInvalidationLog.AppendAfterChangeAsync"/> promises: of one process only.</summary>
    public Dictionary<SimulatedReplica, Floors> PromisedHere { get; } = [];

    /// <summary>The first read that broke the promise.</summary>
    public string? Violation { get; private set; }

    /// <summary>How many processes there have been.</summary>
    public int Lives { get; set; }

    public int Reads { get; set; }

    public int Hits { get; set; }

    public int Acknowledged { get; set; }

    /// <summary>The webhook's id while its purge is handed over; for a mistake.</summary>
    public string? PurgeIdBeingSent { get; set; }

    /// <summary>What has been sent under the id that is used several times.</summary>
    public HashSet<string> ContentsOfReusedId { get; } = [];

    public SimulatedRedis RedisOf(int slot) => Routes[slot];

    /// <summary>How long something takes on the network.</summary>
    public long Delay() => scheduler.Chance(network.Slow)
        ? scheduler.Between(0, network.Slowest)
        : scheduler.Between(Scheduler.Millisecond / 20, 3 * Scheduler.Millisecond);

    /// <summary>How long a question takes to the origin, or its answer from there.</summary>
    public long OriginDelay() => scheduler.Chance(0.1) ? scheduler.Between(0, 3 * Scheduler.Second) : scheduler.Between(0, 20 * Scheduler.Millisecond);

    public void Break(string what) => Violation ??= what;

    /// <summary>
    /// A log that is rolled back in place has forgotten purges and registrations, and nothing can tell until a replica that knows better beats.
    /// Reads that begin meanwhile are not judged; all later ones are.
    /// </summary>
    public void Forgive(long duration) => _forgivenUntil = Math.Max(_forgivenUntil, scheduler.Now + duration);

    public bool IsForgiven(long started) => started < _forgivenUntil;

    /// <summary>Sends a replica to the server that is the master now.</summary>
    public void Route(int slot)
    {
        if (Routes[slot] == Master) return;
        Routes[slot] = Master;
        if (Replicas[slot].IsAlive) Replicas[slot].Link.Listen();
    }

    public void ReadEverythingAt(SimulatedReplica replica)
    {
        foreach (var model in Model.All) Read(replica, model);
    }

    public void Read(SimulatedReplica replica, Model model)
    {
        if (ChecksAccess) new SimulatedAccess(this, replica, model).Start();
        new SimulatedRead(this, replica, model).Start();
    }

    /// <summary>Lets a standby follow a master, in order, late.</summary>
    public void Follow(SimulatedRedis master, SimulatedRedis standby)
    {
        standby.IsMaster = false;
        standby.Keys = master.Keys;
        master.Confirmed = master.Offset;
        master.Standbys = 1;
        var last = 0L;
        var following = true;
        master.Replicate = (offset, keys) =>
        {
            last = Math.Max(last, scheduler.Now + Delay());
            scheduler.After(last - scheduler.Now, () =>
            {
                following &= !standby.IsMaster && standby.IsUp;
                if (!following) return;
                standby.Keys = keys;
                Confirm(master, offset);
            });
        };
    }

    public void WhenConfirmed(SimulatedRedis redis, long offset, Action<bool> then)
    {
        if (redis.Standbys > 0 && redis.Confirmed >= offset)
        {
            then(true);
            return;
        }

        var entry = (redis, offset, then);
        _waiting.Add(entry);
        scheduler.After(network.Timeout, () =>
        {
            if (_waiting.Remove(entry)) then(false);
        });
    }

    /// <summary>The same for a call that blocks.</summary>
    public bool ConfirmNow(SimulatedRedis master)
    {
        var standby = Servers.FirstOrDefault(s => s != master && !s.IsMaster && s.IsUp);
        if (standby is null || master.Replicate is null || master.Standbys == 0) return false;
        standby.Keys = master.Keys;
        Confirm(master, master.Offset);
        return true;
    }

    private void Confirm(SimulatedRedis master, long offset)
    {
        master.Confirmed = Math.Max(master.Confirmed, offset);
        foreach (var entry in _waiting.Where(w => w.Redis == master && w.Offset <= master.Confirmed).ToArray())
            if (_waiting.Remove(entry)) entry.Then(true);
    }
}
