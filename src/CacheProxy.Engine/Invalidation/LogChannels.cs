using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// Hears what the log's server publishes. Each channel is read in order, by one reader. A link that dies quietly costs only time: heartbeats
/// bring the same records, and polls the same acknowledgements.
/// </summary>
internal sealed partial class LogChannels(LogNames names, ILogger logger)
{
    private IConnectionMultiplexer? _listening;

    public ILogMessages? Messages { get; set; }

    public bool IsListening => _listening is not null;

    /// <summary>
    /// On the log's own thread. Subscriptions have a connection of their own, which may come later than the other: that is no reason not to
    /// beat. A missing right is one.
    /// </summary>
    public void Listen(IConnectionMultiplexer connection)
    {
        if (_listening is not null) return;
        var subscriber = connection.GetSubscriber();
        try
        {
            Read(subscriber.Subscribe(RedisChannel.Literal(names.RecordChannel)), OnRecordMessage);
            Read(subscriber.Subscribe(RedisChannel.Literal(names.AcknowledgementChannel)), OnAcknowledgementMessage);
            _listening = connection;
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // The library keeps what it could not send; a second try must not find it there.
            subscriber.UnsubscribeAll(CommandFlags.FireAndForget);
            if (exception is not RedisConnectionException) throw;
        }
    }

    /// <summary>On the log's own thread: gives the subscriptions up, so that the next call of <see cref="Listen"/> makes new ones.</summary>
    public void ListenAgain()
    {
        _listening?.GetSubscriber().UnsubscribeAll(CommandFlags.FireAndForget);
        _listening = null;
    }

    private void Read(ChannelMessageQueue queue, Action<string> handle) => queue.OnMessage(message =>
    {
        try
        {
            if ((string?)message.Message is { } text) handle(text);
        }
#pragma warning disable CA1031 // One message must not end the reading of all that follow.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Log.MessageBroke(logger, exception);
        }
    });

    private void OnRecordMessage(string text)
    {
        if (text == "mode")
        {
            Messages?.OnModeChanged();
            return;
        }

        if (!TryReadEpoch(text, out var epoch, out var rest)) return;
        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        if (space > 0) Messages?.OnRecord(epoch, rest[..space] is "-" ? "" : rest[..space], rest[(space + 1)..]);
    }

    private void OnAcknowledgementMessage(string text)
    {
        if (!TryReadEpoch(text, out var epoch, out var rest)) return;
        var space = rest.IndexOf(' ', StringComparison.Ordinal);
        if (space > 0 && long.TryParse(rest.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var applied))
            Messages?.OnAcknowledgement(epoch, rest[..space], applied);
    }

    private static bool TryReadEpoch(string text, out Epoch epoch, out string rest)
    {
        (epoch, rest) = (null!, "");
        var first = text.IndexOf(' ', StringComparison.Ordinal);
        var second = first < 0 ? -1 : text.IndexOf(' ', first + 1);
        if (second < 0 || !long.TryParse(text.AsSpan(0, first), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return false;
        (epoch, rest) = (new(number, text[(first + 1)..second]), text[(second + 1)..]);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(3030, LogLevel.Error, "A message of the log could not be worked in. The next heartbeat brings what it said.")]
        public static partial void MessageBroke(ILogger logger, Exception exception);
    }
}
