using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace CacheProxy.Engine.Policies.InCode;

/// <summary>Finds what an endpoint's metadata says in C# (<c>CacheOutput</c>, <c>[OutputCache]</c>), and plans requests under it.</summary>
internal sealed class PoliciesInCode(IOptions<OutputCacheOptions> options, CredentialOptions credentials, IEnumerable<EndpointDataSource> sources)
{
    // Goes with the endpoints of a reload.
    private readonly ConditionalWeakTable<Endpoint, PolicyInCode> _known = [];

    /// <summary>The endpoint's policy; <see langword="null"/> when it has none, or a compiled one, which comes first.</summary>
    public PolicyInCode? Find(Endpoint? endpoint)
    {
        if (endpoint is null) return null;
        var policy = endpoint.Metadata.GetMetadata<IOutputCachePolicy>();
        var attribute = endpoint.Metadata.GetMetadata<OutputCacheAttribute>();
        if (policy is CachePolicy || (policy is null && attribute is null)) return null;
        return _known.TryGetValue(endpoint, out var known) ? known : _known.GetValue(endpoint, _ => Read(endpoint, policy, attribute));
    }

    /// <summary>Plans a request.</summary>
    /// <param name="decision">What the policies decided about it.</param>
    /// <param name="context">The request.</param>
    /// <param name="body">Its body for methods other than GET and HEAD.</param>
    /// <param name="plan">Its plan; <see langword="null"/> when there is a reason to go past the cache.</param>
    public BypassReason Plan(RequestDecision decision, HttpContext context, RequestBody? body, out RequestPlan? plan)
    {
        plan = null;
        var policy = decision.PolicyFor(context, credentials);
        // Known by what no field says (a certificate): there is nothing to tell callers apart by.
        if (policy.VaryByCredential && !credentials.IsPresent(context.Request.Headers)) return BypassReason.Credentials;
        var (reason, plain) = RoutedTarget.Under(context, () => (policy.Plan(context, body, out var made), made));
        if (plain is null) return reason;
        using var fields = new KeyedFields();
        decision.AddTo(fields, context);
        using var all = new KeyedFields();
        all.Add('I', plain.Identity);
        all.Add('F', fields.Hash());
        var identity = all.Hash();
        plan = new RequestPlan
        {
            Policy = policy,
            PrimaryKey = plain.PrimaryKey,
            Name = NameOf(plain.Name, identity),
            Identity = identity,
            Tags = [.. decision.Tags.Union(plain.Tags)],
            Target = plain.Target,
            Body = plain.Body,
            Accept = plain.Accept,
            InCode = decision,
        };
        return BypassReason.None;
    }

    // The rest of a name is what its readable part does not tell: here all of the identity.
    private static string NameOf(string plain, Hash256 identity)
    {
        var rest = plain.IndexOf('#', StringComparison.Ordinal);
        return KeyNames.ShortenName($"{(rest < 0 ? plain : plain[..rest])}#{identity.ToString().AsSpan(0, 16)}");
    }

    private PolicyInCode Read(Endpoint endpoint, IOutputCachePolicy? policy, OutputCacheAttribute? attribute)
    {
        var policies = ImmutableArray.CreateBuilder<IOutputCachePolicy>();
        if (policy is not null) policies.Add(policy);
        if (attribute is not null) policies.AddRange(StockPolicies.Of(attribute));
        var route = RouteOf(endpoint);
        return new PolicyInCode(
            attribute?.PolicyName ?? (route.Length > 0 ? route : "/"), NameOf(endpoint), policies.ToImmutable(), credentials,
            Math.Min(options.Value.MaximumBodySize, PolicyCompiler.DefaultMaxEntrySize));
    }

    // Endpoints of one path may be told apart by anything (a version in a header, say). Where nothing that is the same in every process tells
    // them apart, each has entries of its own that nobody shares.
    private string NameOf(Endpoint endpoint)
    {
        var name = PlainNameOf(endpoint);
        return sources.SelectMany(static source => source.Endpoints).Count(other => PlainNameOf(other) == name) > 1 ? $"{name}\n{Guid.NewGuid():N}" : name;
    }

    private static string PlainNameOf(Endpoint endpoint)
    {
        var hosts = endpoint.Metadata.GetMetadata<IHostMetadata>()?.Hosts ?? [];
        var handler = endpoint.Metadata.GetMetadata<MethodInfo>();
        return $"{endpoint.DisplayName}\n{RouteOf(endpoint)}\n{(endpoint as RouteEndpoint)?.Order}\n{string.Join(',', hosts)}\n{handler?.DeclaringType?.FullName} {handler?.Name}";
    }

    private static string RouteOf(Endpoint endpoint) => (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? endpoint.DisplayName ?? "";
}
