using System.Net.Sockets;
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
        if (!IsOfASocket(exception)) return $"CacheProxy could not start: {exception}";
        var taken = exception is AddressInUseException || exception.InnerException is AddressInUseException;
        var candidates = listeners.FindIn(exception.Message);
        var where = string.Join(" or ", candidates.Select(listener => $"{listener.Url} ({listener.Setting})"));
        var remedies = string.Join(" or ", candidates.Select(Remedy).Distinct());
        return taken
            ? $"CacheProxy could not start: {where} is taken by another process. End that one (ss -ltnp shows it), or choose another address: {remedies}."
            : $"CacheProxy could not start: it cannot listen on {where}: {exception.Message}. Choose an address of this machine, and a port from 1024 on: {remedies}.";
    }

    private static bool IsOfASocket(Exception exception) =>
        exception is SocketException or AddressInUseException || (exception.InnerException is { } inner && IsOfASocket(inner));

    private static string Remedy(ListenerConfig listener) => listener.Endpoint is null
        ? $"--{listener.Setting} http://localhost:<port>, or the environment variable {listener.Setting.Replace(":", "__", StringComparison.Ordinal)}"
        : $"{listener.Setting}:Url";
}
