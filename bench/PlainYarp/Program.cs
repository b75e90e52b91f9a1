// What a miss is measured against: YARP with one route and nothing else, from PORT to ORIGIN.
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

var app = builder.Build();
app.MapReverseProxy();
app.Run();
