// What a miss is measured against: YARP with one route and nothing else, from PORT to ORIGIN. With STOCK=1 the stock output cache stands
// before it and keeps everything for an hour: what that costs a miss.
using Yarp.ReverseProxy.Configuration;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["PORT"]}");
builder.Services.AddReverseProxy().LoadFromMemory(
    [new RouteConfig { RouteId = "all", ClusterId = "origin", Match = new RouteMatch { Path = "/{**rest}" } }],
    [
        new ClusterConfig
        {
            ClusterId = "origin",
            Destinations = new Dictionary<string, DestinationConfig> { ["origin"] = new() { Address = builder.Configuration["ORIGIN"]! } },
        },
    ]);
var stock = builder.Configuration["STOCK"] == "1";
if (stock) builder.Services.AddOutputCache(options => options.AddBasePolicy(policy => policy.Expire(TimeSpan.FromHours(1))));

var app = builder.Build();
if (stock) app.UseOutputCache();
app.MapReverseProxy();
app.Run();
