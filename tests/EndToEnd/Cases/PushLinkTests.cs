using System.Globalization;
using EndToEnd.Faults;
using EndToEnd.Wire;
using Processes;

namespace EndToEnd.Cases;

/// <summary>The connection on which purges are pushed dies without a word, again and again (CASES 23): what is acknowledged is true, and late at worst.</summary>
public sealed class PushLinkTests
{
    private const string Purge = """{"keys":["item:x"]}""";
    private const int Replicas = 3;

    [RedisFact]
    public async Task PushLink_HangsWithoutAnEnd_PurgesStayTrueAndItComesBack()
    {
        await using var redis = await RedisServer.StartAsync();
        using var relay = new Relay(redis.Port);
        await using var rig = await SharedRig.StartAsync(Replicas - 1, redis.Address);
        await rig.AddAsync(relay.Address);

        var version = await IsTrueAsync(rig, 0, 5);
        for (var round = 0; round < 3; round++)
        {
            relay.SwallowsSubscriptions = true;
            version = await IsTrueAsync(rig, version, 5);
            relay.SwallowsSubscriptions = false;
            version = await IsTrueAsync(rig, version, 2);
        }

        // It hears pushes again: a purge that waits for a heartbeat of its is not over at once.
        await Poll.UntilAsync(
            async () =>
            {
                var started = TimeProvider.System.GetTimestamp();
                return (await rig.PurgeAsync(0, Purge)).Status == 200 && TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMilliseconds(250);
            },
            SharedRig.Limit, () => $"Purges stay slow: {rig.Replicas[^1].Output}");
        Assert.All(rig.Replicas, static replica => Assert.False(replica.HasExited));
    }

    [RedisTheory]
    [InlineData("CLIENT KILL TYPE pubsub")]
    [InlineData("CLIENT KILL TYPE normal SKIPME yes")]
    [InlineData("CLIENT PAUSE 900 ALL")]
    [InlineData("CLIENT PAUSE 900 WRITE")]
    public async Task Connections_CutOrPausedAgainAndAgain_PurgesStayTrue(string command)
    {
        await using var rig = await SharedRig.StartAsync(Replicas);
        await using var admin = await rig.ConnectAsync();
        var words = command.Split(' ');
        for (var (round, version) = (0, 0); round < 4; round++)
        {
            await admin.GetServer(admin.GetEndPoints()[0]).ExecuteAsync(words[0], [.. words.Skip(1)]);
            version = await IsTrueAsync(rig, version, 2);
        }
    }

    /// <summary>Changes, purges through each replica in turn, and reads at all of them; returns the last version.</summary>
    private static async Task<int> IsTrueAsync(SharedRig rig, int version, int purges)
    {
        var content = version;
        rig.Origin.On("/item/", (_, connection) => connection.AnswerAsync(Volatile.Read(ref content).ToString(CultureInfo.InvariantCulture)));
        for (var i = 0; i < purges; i++)
        {
            for (var replica = 0; replica < Replicas; replica++) await rig.GetAsync(replica, "/item/x");
            Interlocked.Increment(ref content);
            await Poll.UntilAsync(async () => (await rig.PurgeAsync(i % Replicas, Purge)).Status == 200, SharedRig.Limit, static () => "No purge gets through");
            for (var replica = 0; replica < Replicas; replica++)
            {
                var reply = await rig.GetAsync(replica, "/item/x");
                Assert.True(reply.Status == 200 && reply.Text == content.ToString(CultureInfo.InvariantCulture), $"Replica {replica} says {reply.Text} after {content} was acknowledged: {reply.Head}");
            }
        }
        return content;
    }
}
