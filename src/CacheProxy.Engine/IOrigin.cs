using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine;

/// <summary>What stands behind the cache. The engine asks it for a fill and is told whether the answer was complete.</summary>
public interface IOrigin
{
    /// <summary>What shares the bound on concurrent fills: the cluster.</summary>
    string GroupOf(Endpoint endpoint);

    /// <summary>
    /// Sends the request, detached from any client, and hands the answer on as it arrives. Never throws for what the origin does:
    /// the result says it.
    /// </summary>
    /// <param name="request">What to send.</param>
    /// <param name="sink">Takes the head once, then the body's chunks, in order, each awaited.</param>
    /// <param name="cancellationToken">Nobody wants the answer any more.</param>
    Task<OriginResult> SendAsync(OriginRequest request, IOriginSink sink, CancellationToken cancellationToken);
}

/// <summary>Takes an origin's answer.</summary>
public interface IOriginSink
{
    /// <summary>An interim response (102, 103), before the final one; any number of times. Dropped where it is not overridden.</summary>
    void OnInterim(InterimResponse response)
    {
    }

    /// <summary>The final response's head.</summary>
    void OnHead(int status, HeaderFields headers);

    /// <summary>The next bytes of the body. The memory is the caller's again when the task has ended.</summary>
    ValueTask OnBodyAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancellationToken);
}

/// <summary>How a request to the origin ended.</summary>
public enum OriginResult
{
    /// <summary>The whole response arrived, and there is proof of it.</summary>
    Complete,

    /// <summary>No connection, or none that spoke HTTP; or a head that is none.</summary>
    Unreachable,

    /// <summary>The head, or the next bytes of the body, did not come in time.</summary>
    TimedOut,

    /// <summary>The head came, the body ended before its end.</summary>
    CutShort,

    /// <summary>We gave it up.</summary>
    Canceled,
}

/// <summary>A request to the origin, with nothing in it that belongs to a client's connection.</summary>
public sealed class OriginRequest
{
    /// <summary>The route.</summary>
    public required Endpoint Endpoint { get; init; }

    /// <summary>What routing found.</summary>
    public required IReadOnlyDictionary<string, object?> RouteValues { get; init; }

    /// <summary>The method.</summary>
    public required string Method { get; init; }

    /// <summary>The scheme under which the client came.</summary>
    public required string Scheme { get; init; }

    /// <summary>The host that the client asked; empty where the key does not have it.</summary>
    public required string Host { get; init; }

    /// <summary>What of <see cref="Target"/> stands before the path that was routed (<c>UsePathBase</c>).</summary>
    public string PathBase { get; init; } = "";

    /// <summary>Path and query, exactly as they are to be sent.</summary>
    public required string Target { get; init; }

    /// <summary>The header fields to send.</summary>
    public required IHeaderDictionary Headers { get; init; }

    /// <summary>The body; <see langword="null"/> for none.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Whether only these fields may go, none added about the client (DESIGN 2: what is not keyed is not sent).</summary>
    public bool OnlyTheseHeaders { get; init; }

    /// <summary>Who asks, where the key says it; <see langword="null"/>: nobody in particular.</summary>
    public System.Security.Claims.ClaimsPrincipal? User { get; init; }

    /// <summary>Who has a say before the head is handed on. An origin that runs no endpoint leaves it alone: then nothing is stored.</summary>
    public IFillParticipant? Participant { get; init; }

    /// <summary>The client's address, for <c>X-Forwarded-For</c> where it is sent.</summary>
    public System.Net.IPAddress? ClientAddress { get; init; }

    /// <summary>The trace that the fill belongs to.</summary>
    public System.Diagnostics.ActivityContext Trace { get; init; }
}

/// <summary>Has a say on the context on which an endpoint is run for a fill: the policies of the route that are written in C#.</summary>
public interface IFillParticipant
{
    /// <summary>The context is made; the endpoint has not run yet.</summary>
    void Join(HttpContext context);

    /// <summary>Status and header fields are as they will be handed on.</summary>
    ValueTask BeforeHeadAsync(CancellationToken cancellationToken);
}
