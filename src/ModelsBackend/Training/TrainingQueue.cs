using System.Threading.Channels;

namespace ModelsBackend.Training;

/// <summary>Ids of runs that wait for training. What is lost in a crash is found again by its status at the next start.</summary>
public sealed class TrainingQueue
{
    private readonly Channel<string> _ids = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    public void Add(string runId) => _ids.Writer.TryWrite(runId);

    public IAsyncEnumerable<string> ReadAllAsync(CancellationToken cancellationToken) => _ids.Reader.ReadAllAsync(cancellationToken);
}
