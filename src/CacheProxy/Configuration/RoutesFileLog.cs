namespace CacheProxy.Configuration;

internal static partial class RoutesFileLog
{
    [LoggerMessage(1001, LogLevel.Information, "{Path} has changed: configuration {Hash} is being applied.")]
    public static partial void Reloaded(ILogger logger, string path, string hash);

    [LoggerMessage(1002, LogLevel.Error, "{Path} has changed and was refused; the configuration before it goes on. {Errors}")]
    public static partial void Refused(ILogger logger, string path, string errors);

    [LoggerMessage(1003, LogLevel.Error, "{Path} cannot be read; the configuration before it goes on. {Reason}")]
    public static partial void Unreadable(ILogger logger, string path, string reason);

    [LoggerMessage(1004, LogLevel.Error, "{Path} could not be looked at; it is tried again in a second.")]
    public static partial void Failed(ILogger logger, Exception error, string path);
}
