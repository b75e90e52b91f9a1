// A YARP application of one's own that caches: its routes name policies written in C#.
using CacheProxy.Engine;
using Yarp;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy"));
builder.Services.AddOutputCache(static options =>
{
    options.AddPolicy("catalog", static policy => policy.Expire(TimeSpan.FromMinutes(5)).SetVaryByQuery("page"));
    options.AddPolicy("tenant", new TenantPolicy());
});
builder.Services.AddCacheEngine();
builder.Services.AddSingleton<IOrigin, YarpOrigin>();

var app = builder.Build();
app.UseCacheEngine();
app.MapReverseProxy();
app.MapGet("/healthz", static () => "ok");
app.Run();
