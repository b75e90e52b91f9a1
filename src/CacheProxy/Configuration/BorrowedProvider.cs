using Microsoft.Extensions.Primitives;

namespace CacheProxy.Configuration;

/// <summary>Another configuration's provider, which must be neither loaded again nor disposed of.</summary>
internal sealed class BorrowedProvider(IConfigurationProvider owner) : IConfigurationProvider
{
    public bool TryGet(string key, out string? value) => owner.TryGet(key, out value);

    public void Set(string key, string? value) => throw new NotSupportedException("Borrowed values are read only.");

    public IChangeToken GetReloadToken() => new CancellationChangeToken(CancellationToken.None);

    public void Load()
    {
    }

    public IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath) => owner.GetChildKeys(earlierKeys, parentPath);
}
