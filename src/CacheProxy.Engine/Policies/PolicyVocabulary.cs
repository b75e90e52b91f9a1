namespace CacheProxy.Engine.Policies;

/// <summary>Whether a policy is in force.</summary>
public enum PolicyMode
{
    /// <summary>In force.</summary>
    On,

    /// <summary>Every request of its routes goes past the cache.</summary>
    Off,

    /// <summary>What it would do is counted; every request of its routes goes to the origin, and nothing is stored.</summary>
    Shadow,
}

/// <summary>What becomes of the client's <c>Cache-Control</c> and <c>Pragma</c> (RFC 9111 §5.2.1, §5.4).</summary>
public enum RequestDirectives
{
    /// <summary>Nothing: a browser's reload must not cost a model run.</summary>
    Ignore,

    /// <summary>They are honoured as RFC 9111 says.</summary>
    Honor,
}

/// <summary>What becomes of a query parameter that no template of the policy names.</summary>
public enum UnknownQuery
{
    /// <summary>It is part of the key and is sent.</summary>
    Key,

    /// <summary>It is neither keyed nor sent.</summary>
    Drop,

    /// <summary>The request goes past the cache.</summary>
    Bypass,

    /// <summary>The request is answered 400.</summary>
    Reject,
}
