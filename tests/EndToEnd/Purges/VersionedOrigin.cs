using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EndToEnd.Purges;

/// <summary>An origin whose every item has a version that only grows. What is committed is what it answers, from that moment on.</summary>
internal sealed class VersionedOrigin : IAsyncDisposable
{
    public const int Groups = 4;
    public const int ItemsPerGroup = 6;
    private readonly WebApplication _application;
    private readonly long[] _versions = new long[Groups * ItemsPerGroup];
    private long _asked;

    private VersionedOrigin(WebApplication application) => _application = application;

    public Uri Url { get; private set; } = null!;

    public static int Count => Groups * ItemsPerGroup;

    /// <summary>How many requests have come.</summary>
    public long Asked => Interlocked.Read(ref _asked);

    public static async Task<VersionedOrigin> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var origin = new VersionedOrigin(application);
        application.MapGet("/{group:int}/items/{id:int}", (int group, int id) =>
        {
            Interlocked.Increment(ref origin._asked);
            return Results.Text(origin.Version(IndexOf(group, id)).ToString(CultureInfo.InvariantCulture));
        });
        await application.StartAsync();
        origin.Url = new Uri(application.Urls.First());
        return origin;
    }

    public static int IndexOf(int group, int id) => (group * ItemsPerGroup) + id;

    public static string TargetOf(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"/{index / ItemsPerGroup}/items/{index % ItemsPerGroup}");

    public long Version(int index) => Interlocked.Read(ref _versions[index]);

    public long Commit(int index) => Interlocked.Increment(ref _versions[index]);

    public ValueTask DisposeAsync() => _application.DisposeAsync();
}
