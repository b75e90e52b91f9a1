using System.Collections.ObjectModel;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>Collects errors, each place once: the file's own check and that of the effective values may see the same.</summary>
public sealed class ConfigurationErrors : Collection<ConfigurationError>
{
    /// <summary>Adds an error unless its place has one already.</summary>
    public void Add(string path, string? value, string problem) => Add(new ConfigurationError(path, value, problem));

    /// <inheritdoc />
    protected override void InsertItem(int index, ConfigurationError item)
    {
        if (this.Any(known => known.Path.Equals(item.Path, StringComparison.OrdinalIgnoreCase) && known.Value == item.Value && (item.Value is not null || known.Problem == item.Problem))) return;
        base.InsertItem(index, item);
    }

    /// <summary>Throws if there are any.</summary>
    /// <exception cref="ConfigurationException">There are.</exception>
    public void ThrowIfAny(string source)
    {
        if (Count > 0) throw new ConfigurationException(source, [.. this]);
    }
}
