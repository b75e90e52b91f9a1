namespace CacheProxy.Management.Events;

/// <summary>Why a webhook was refused: the label of <c>cacheproxy_webhooks_refused_total</c> (in kebab case).</summary>
internal enum WebhookRefusal
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>No secrets are configured.</summary>
    NotConfigured,

    /// <summary>A header of the signature is missing, repeated, or not of its form.</summary>
    Malformed,

    /// <summary>More than five minutes old, or ahead: replayed, or a clock is wrong.</summary>
    Timestamp,

    /// <summary>No signature matches: forged, or the secrets differ.</summary>
    Signature,

    /// <summary>The body is longer than 64 KiB, or the invalidation has too many names.</summary>
    TooLarge,

    /// <summary>Signed, but not JSON by its content type.</summary>
    ContentType,

    /// <summary>Signed, but not an event.</summary>
    Body,

    /// <summary>Signed, but of an unknown type, or without a value that its mapping needs.</summary>
    Unmapped,
}
