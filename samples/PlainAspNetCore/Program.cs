// A minimal API that caches its answers: policies as ASP.NET Core's documentation writes them, the engine instead of UseOutputCache.
using CacheProxy.Engine;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Redis;
using Microsoft.AspNetCore.OutputCaching;
using PlainAspNetCore;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.ConfigureHttpJsonOptions(static options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, CatalogJson.Default));
builder.Services.AddSingleton<Catalog>();

builder.Services.AddOutputCache(static options =>
{
    options.AddPolicy("page", static policy => policy.Expire(TimeSpan.FromMinutes(5)).SetVaryByQuery("page").Tag("products"));
    options.AddPolicy("product", new ProductPolicy());
});
builder.Services.AddCacheEngine();
// Replicas with the same Redis share what they have learned; a purge is acknowledged when it is true on all of them.
if (builder.Configuration.GetConnectionString("Redis") is { } redis)
    builder.Services.AddCacheReplicas(new ConsistencyOptions(), new RedisOptions { ConnectionString = RedisConnectionString.Parse(redis), InstanceName = "sample:" });

var app = builder.Build();
app.UseCacheEngine();

app.MapGet("/products", static (Catalog catalog, int page = 1) => catalog.Page(page)).CacheOutput("page");
app.MapGet("/products/{id:int}", static (Catalog catalog, int id) => catalog.Find(id)).CacheOutput("product");
app.MapPut("/products/{id:int}/price", static async (Catalog catalog, IOutputCacheStore cache, int id, Price price, CancellationToken cancellation) =>
{
    if (!catalog.Change(id, price.Value)) return Results.NotFound();
    // Returns when no replica serves the old price any more.
    await cache.EvictByTagAsync($"product:{id}", cancellation);
    await cache.EvictByTagAsync("products", cancellation);
    return Results.NoContent();
});
app.MapGet("/healthz", static () => "ok");
app.Run();
