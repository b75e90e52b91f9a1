using System.Collections.Concurrent;
using System.Globalization;
using Processes;

namespace EndToEnd.Faults;

/// <summary>Readers that never stop while a test breaks something: each answer must be a whole 200 of its own target, and new enough.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private const int Readers = 6;
    private readonly ConcurrentQueue<string> _faults = new();
    private readonly SharedRig _rig;
    private readonly Task _readers;
    private volatile string _demanded = "";
    private volatile bool _ending;
    private int _answers;

    private Traffic(SharedRig rig)
    {
        _rig = rig;
        _readers = Task.WhenAll(Enumerable.Range(0, Readers).Select(reader => Task.Run(() => ReadAsync(reader))));
    }

    public static Traffic On(SharedRig rig) => new(rig);

    /// <summary>From now on each answer to a request that starts from now on ends so (as a number: so or higher).</summary>
    public void Demand(string ending) => _demanded = ending;

    /// <summary>Waits until so many further answers came.</summary>
    public Task WentOnAsync(int answers)
    {
        var until = Volatile.Read(ref _answers) + answers;
        return Poll.UntilAsync(() => Volatile.Read(ref _answers) >= until || !_faults.IsEmpty, SharedRig.Limit, () => $"Only {_answers} of {until} answers came");
    }

    public async Task<IReadOnlyCollection<string>> EndAsync()
    {
        _ending = true;
        await _readers;
        return _faults;
    }

    public async ValueTask DisposeAsync() => await EndAsync();

    private async Task ReadAsync(int reader)
    {
        for (var i = 0; !_ending && _faults.IsEmpty; i++)
        {
            var target = string.Create(CultureInfo.InvariantCulture, $"/item/t{(reader + i) % 10}");
            var demanded = _demanded;
            try
            {
                var reply = await _rig.GetAsync((reader + i) % _rig.Replicas.Count, target);
                if (reply is not { Status: 200, IsComplete: true } || !reply.Text.StartsWith(target + " ", StringComparison.Ordinal)) _faults.Enqueue($"{target}: {reply.Head}\n{reply.Text}");
                else if (IsOlder(reply.Text[(target.Length + 1)..], demanded)) _faults.Enqueue($"{target}: '{reply.Text}' after '{demanded}' was acknowledged");
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or System.Net.Sockets.SocketException)
            {
                _faults.Enqueue($"{target}: {exception.Message}");
            }
            Interlocked.Increment(ref _answers);
        }
    }

    private static bool IsOlder(string content, string demanded) => demanded.Length > 0
        && (int.TryParse(demanded, CultureInfo.InvariantCulture, out var number) ? int.Parse(content, CultureInfo.InvariantCulture) < number : content != demanded);
}
