using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Connections;

namespace CacheProxy.Hosting.Listeners;

/// <summary>
/// Writes interim responses past Kestrel, which has no way to send them, to the connection of an HTTP/1.1 client. Invariant: only a request whose
/// response has not started calls it, and Kestrel writes nothing of its own between two responses, so the bytes stand where they belong. The
/// connection's output is looked up at each call: behind TLS it is not the one that the connection began with.
/// </summary>
internal sealed class InterimWriter(ConnectionContext connection) : IInterimResponseFeature
{
    public async ValueTask SendAsync(InterimResponse response, CancellationToken cancellationToken) =>
        await connection.Transport.Output.WriteAsync(response.ToBytes(), cancellationToken);
}
