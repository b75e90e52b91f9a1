namespace ModelsBackend.Hosting;

/// <summary>Whether the first start's work is done, and what it is at until then.</summary>
public sealed class Readiness
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What is being done; <c>ready</c> at the end.</summary>
    public string Doing { get; private set; } = "starting";

    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    public void Report(string doing) => Doing = doing;

    public void Done()
    {
        Doing = "ready";
        _ready.TrySetResult();
    }

    public Task WaitAsync(CancellationToken cancellationToken) => _ready.Task.WaitAsync(cancellationToken);
}
