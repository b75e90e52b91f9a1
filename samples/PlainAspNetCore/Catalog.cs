using System.Collections.Concurrent;
using System.Text.Json.Serialization;

namespace PlainAspNetCore;

/// <summary>Products and their prices. Each answer says the how-manieth it is: one from the cache has an old number.</summary>
internal sealed class Catalog
{
    private readonly ConcurrentDictionary<int, decimal> _prices = new(Enumerable.Range(1, 100).Select(static id => KeyValuePair.Create(id, 9.5m + id)));
    private int _answers;

    public Page Page(int page) =>
        new(page, [.. _prices.OrderBy(static product => product.Key).Skip((page - 1) * 10).Take(10).Select(static product => product.Value)], Interlocked.Increment(ref _answers));

    public IResult Find(int id) =>
        _prices.TryGetValue(id, out var price) ? Results.Ok(new Product(id, price, Interlocked.Increment(ref _answers))) : Results.NotFound();

    public bool Change(int id, decimal price)
    {
        if (!_prices.ContainsKey(id)) return false;
        _prices[id] = price;
        return true;
    }
}

internal sealed record Product(int Id, decimal Price, int Answer);

internal sealed record Page(int Number, decimal[] Prices, int Answer);

internal sealed record Price(decimal Value);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Product))]
[JsonSerializable(typeof(Page))]
[JsonSerializable(typeof(Price))]
internal sealed partial class CatalogJson : JsonSerializerContext;
