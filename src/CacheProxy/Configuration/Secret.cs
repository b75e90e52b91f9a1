namespace CacheProxy.Configuration;

/// <summary>A value that no log, message or dump shows.</summary>
/// <param name="value">The value.</param>
public readonly struct Secret(string value)
{
    /// <summary>The value itself, for its use.</summary>
    public string Reveal() => value ?? "";

    /// <summary>Stars.</summary>
    public override string ToString() => "***";
}
