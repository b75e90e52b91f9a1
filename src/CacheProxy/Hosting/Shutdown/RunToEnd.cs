using CacheProxy.Hosting.Listeners;
using Microsoft.AspNetCore.Connections;

namespace CacheProxy.Hosting.Shutdown;

/// <summary>Runs the application and says why it could not.</summary>
public static class RunToEnd
{
    /// <summary>Runs it until it was asked to end.</summary>
    /// <returns>The exit code: 0 after an orderly end, 1 when it could not start.</returns>
    public static async Task<int> RunToEndAsync(this WebApplication app, TextWriter error)
    {
        // A run that fails disposes of the services.
        var listeners = app.Services.GetRequiredService<ListenerSet>();
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (Exception exception)
        {
            await error.WriteLineAsync(Explain(exception, listeners));
            return 1;
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    private static string Explain(Exception exception, ListenerSet listeners)
    {
        var listener = listeners.FindIn(exception.Message);
        if (listener is not null && (exception.InnerException is AddressInUseException || exception is AddressInUseException))
        {
            return $"CacheProxy could not start: {listener.Url} ({listener.Setting}) is taken by another process. "
                + $"End that one (ss -ltnp shows it), or choose another address: {Remedy(listener)}";
        }

        return listener is not null
            ? $"CacheProxy could not start: it cannot listen on {listener.Url} ({listener.Setting}): {exception.Message} Choose another address: {Remedy(listener)}"
            : $"CacheProxy could not start: {exception}";
    }

    private static string Remedy(ListenerConfig listener) => listener.Endpoint is null
        ? $"--{listener.Setting} http://localhost:<port>, or the environment variable {listener.Setting.Replace(":", "__", StringComparison.Ordinal)}."
        : $"{listener.Setting}:Url.";
}
