using Launcher;
using StackExchange.Redis;

namespace EndToEnd.Launching;

public sealed class EmbeddedRedisTests : IDisposable
{
    private readonly int _port = Ports.Free();
    private readonly EmbeddedRedis _server;

    public EmbeddedRedisTests() => _server = EmbeddedRedis.Start(_port);

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task Start_FreePort_AnswersEvalAndEvalSha()
    {
        await using var redis = await ConnectAsync();
        var database = redis.GetDatabase();

        var sum = await database.ScriptEvaluateAsync("return redis.call('INCRBY', KEYS[1], ARGV[1])", ["n"], [41]);
        var again = await database.ScriptEvaluateAsync("return redis.call('INCRBY', KEYS[1], ARGV[1])", ["n"], [1]);

        Assert.Equal(41, (long)sum);
        Assert.Equal(42, (long)again);
    }

    // The log's scripts tell one life of the server from the next by these lines.
    [Fact]
    public async Task Eval_InfoInsideScript_NamesRunIdReplicationIdAndRole()
    {
        await using var redis = await ConnectAsync();

        var server = (string?)await redis.GetDatabase().ScriptEvaluateAsync("return redis.call('INFO', 'server')", ["k"]);
        var replication = (string?)await redis.GetDatabase().ScriptEvaluateAsync("return redis.call('INFO', 'replication')", ["k"]);

        Assert.Matches("run_id:[0-9a-f]{40}", server);
        Assert.Matches("role:master", replication);
        Assert.Matches("master_replid:[0-9a-f]{40}", replication);
    }

    [Fact]
    public async Task Start_SecondLife_HasAnotherRunId()
    {
        var port = Ports.Free();
        string first, second;
        using (EmbeddedRedis.Start(port))
            first = await RunIdAsync(port);
        using (EmbeddedRedis.Start(port))
            second = await RunIdAsync(port);

        Assert.NotEqual(first, second);
    }

    [Fact]
    public async Task Eval_PublishInsideScript_ReachesSubscriber()
    {
        await using var redis = await ConnectAsync();
        var received = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal("log"), (_, message) => received.TrySetResult(message!));

        await redis.GetDatabase().ScriptEvaluateAsync("redis.call('PUBLISH', 'log', ARGV[1]) return 1", ["k"], ["record"]);

        Assert.Equal("record", await received.Task.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    // Without --lua-transaction-mode about half of the numbers would be given twice.
    [Fact]
    public async Task Eval_EightClientsReadThenWrite_NoNumberIsGivenTwice()
    {
        const int clients = 8, appends = 250;
        const string script = "local n = tonumber(redis.call('GET', KEYS[1]) or '0') + 1 redis.call('SET', KEYS[1], n) return n";
        var connections = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => ConnectAsync()));

        var numbers = await Task.WhenAll(connections.Select(async c =>
        {
            var mine = new List<long>();
            for (var i = 0; i < appends; i++)
                mine.Add((long)await c.GetDatabase().ScriptEvaluateAsync(script, ["seq"]));
            return mine;
        }));

        foreach (var connection in connections)
            await connection.DisposeAsync();
        Assert.Equal(clients * appends, numbers.SelectMany(n => n).Distinct().Count());
    }

    [Fact]
    public void Start_TakenPort_SaysWhatToDo()
    {
        var error = Assert.Throws<LaunchException>(() => EmbeddedRedis.Start(_port));

        Assert.Contains($"127.0.0.1:{_port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("REDIS_URL", error.Message, StringComparison.Ordinal);
    }

    private static async Task<string> RunIdAsync(int port)
    {
        await using var redis = await ConnectAsync(port);
        var info = (string)(await redis.GetDatabase().ExecuteAsync("INFO", "server"))!;
        return info.Split('\n').Single(l => l.StartsWith("run_id:", StringComparison.Ordinal)).Trim();
    }

    private Task<ConnectionMultiplexer> ConnectAsync() => ConnectAsync(_port);

    private static async Task<ConnectionMultiplexer> ConnectAsync(int port) =>
        await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{port},abortConnect=true,connectTimeout=10000,allowAdmin=true");
}
