// The floor that the proxy is measured against, and the origin behind it: Kestrel writes SIZE bytes, to any request, on PORT.
// With REDIS it reads them there for each request, under one key: what the client library costs before a cache does anything.
using System.Globalization;
using StackExchange.Redis;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["PORT"]}");
var body = new byte[int.Parse(builder.Configuration["SIZE"] ?? "2048", CultureInfo.InvariantCulture)];
Array.Fill(body, (byte)'x');
body[0] = body[^1] = (byte)'"';

var app = builder.Build();
if (builder.Configuration["REDIS"] is { Length: > 0 } address)
{
    var redis = (await ConnectionMultiplexer.ConnectAsync(address)).GetDatabase();
    await redis.StringSetAsync("bare", body);
    app.Run(async context => await WriteAsync(context, await redis.StringGetAsync("bare")));
}
else app.Run(context => WriteAsync(context, body));
await app.RunAsync();

static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
{
    context.Response.ContentType = "application/json";
    context.Response.ContentLength = body.Length;
    context.Response.Headers.CacheControl = "public, max-age=3600";
    return context.Response.BodyWriter.WriteAsync(body).AsTask();
}
