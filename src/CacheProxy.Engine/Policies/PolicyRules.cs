using System.Collections.Immutable;

namespace CacheProxy.Engine.Policies;

/// <summary>The compiled half of a policy that makes plans.</summary>
internal sealed class PolicyRules
{
    public Template? Key { get; init; }

    public ImmutableArray<Template> Tags { get; init; } = [];

    public Template? AccessPath { get; init; }

    public required QueryRules Query { get; init; }

    public required BodyRules Body { get; init; }

    public required CredentialOptions Credentials { get; init; }

    public ImmutableArray<BypassCondition> Conditions { get; init; } = [];

    /// <summary>Whether the text of the key tells its values, so that they need not be in the rest too.</summary>
    public bool IsUnambiguous { get; init; }

    /// <summary>The method that needs no mark in names.</summary>
    public required string PlainMethod { get; init; }

    public bool HasHeaderConditions => Conditions.Any(condition => condition.Name.Source == TemplateSource.Header);

    /// <summary>Whether a key without a template has scheme and host.</summary>
    public bool HasHost { get; init; } = true;

    /// <summary>Whether the key has the host, so that the implicit tag has it too.</summary>
    public bool HasHostInTags => Key is null ? HasHost : Names(TemplateSource.Host);

    /// <summary>Whether the key names something of this source.</summary>
    public bool Names(TemplateSource source) => Key is not null && Key.Placeholders.Any(part => part.Name!.Source == source);
}
