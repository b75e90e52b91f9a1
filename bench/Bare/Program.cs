// The floor that the proxy is measured against, and the origin behind it: Kestrel writes SIZE bytes, to any request, on PORT.
using System.Globalization;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
builder.WebHost.UseUrls($"http://127.0.0.1:{builder.Configuration["PORT"]}");
var body = new byte[int.Parse(builder.Configuration["SIZE"] ?? "2048", CultureInfo.InvariantCulture)];
Array.Fill(body, (byte)'x');
body[0] = body[^1] = (byte)'"';

var app = builder.Build();
app.Run(context =>
{
    context.Response.ContentType = "application/json";
    context.Response.ContentLength = body.Length;
    context.Response.Headers.CacheControl = "public, max-age=3600";
    Task written = context.Response.BodyWriter.WriteAsync(body).AsTask();
    return written;
});
app.Run();
