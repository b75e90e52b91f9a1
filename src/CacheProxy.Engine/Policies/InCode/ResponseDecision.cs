using System.Collections.Immutable;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CacheProxy.Engine.Policies.InCode;

/// <summary>What the policies of an endpoint, and the endpoint itself, decide about a fill's response, on the context that the endpoint is run on.</summary>
internal sealed class ResponseDecision(RequestDecision request) : IFillParticipant
{
    private OutputCacheContext? _context;
    private bool _asked;
    private TimeSpan _ttl;

    /// <summary>Whether they want it stored, and for how long. Nobody asked is a no.</summary>
    public bool TryGetTtl(out TimeSpan ttl)
    {
        ttl = _ttl;
        return ttl > TimeSpan.Zero;
    }

    /// <summary>All tags, those of the request among them.</summary>
    public ImmutableArray<string> Tags { get; private set; } = request.Tags;

    /// <summary>Whether each tag can be purged: a longer one would stand under another name.</summary>
    public bool HasOnlyNames => Tags.All(static tag => Encoding.UTF8.GetByteCount(tag) <= KeyNames.MaxLength);

    /// <inheritdoc />
    public void Join(HttpContext context) => _context = request.ContextOn(context);

    /// <inheritdoc />
    public async ValueTask BeforeHeadAsync(CancellationToken cancellationToken)
    {
        // What is answered for a policy that threw is not its to decide.
        if (_asked || _context is not { } context) return;
        _asked = true;
        foreach (var policy in request.Policies) await policy.ServeResponseAsync(context, cancellationToken);
        Tags = [.. Tags.Union(context.Tags.Where(static tag => !string.IsNullOrEmpty(tag)))];
        if (context is { EnableOutputCaching: true, AllowCacheStorage: true }) _ttl = context.ResponseExpirationTimeSpan ?? DefaultOf(context.HttpContext);
    }

    private static TimeSpan DefaultOf(HttpContext context) =>
        context.RequestServices.GetRequiredService<IOptions<OutputCacheOptions>>().Value.DefaultExpirationTimeSpan;
}
