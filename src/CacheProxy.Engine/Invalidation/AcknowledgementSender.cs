namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Tells the log how far this replica is; at most one call is under way, and whatever is applied meanwhile goes with the next. A call that
/// fails is not repeated: the next heartbeat says the same.
/// </summary>
internal sealed class AcknowledgementSender(LogReplica replica, ILogTransport transport)
{
    private readonly Lock _gate = new();
    private bool _sending;
    private bool _again;

    public void Send()
    {
        lock (_gate)
        {
            if (_sending)
            {
                _again = true;
                return;
            }

            _sending = true;
        }

        _ = SendAllAsync();
    }

    private async Task SendAllAsync()
    {
        do
        {
            try
            {
                if (replica.Current is { } state) await transport.AcknowledgeAsync(state.Position, replica.Id);
            }
            catch (LogTransportException)
            {
                // Said above: nothing is lost but time.
            }
        }
        while (HasMore());
    }

    private bool HasMore()
    {
        lock (_gate)
        {
            _sending = _again;
            _again = false;
            return _sending;
        }
    }
}
