using System.Runtime.InteropServices;
using CacheProxy.Engine.Caching.Fills;
using CacheProxy.Engine.Http;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.Engine.Tests.Simulation;

/// <summary>What a request wants of a model.</summary>
internal enum Asks
{
    Whole,

    /// <summary>The first half of the bytes.</summary>
    Front,

    /// <summary>The second half.</summary>
    Back,

    Head,
}

internal static class AsksExtensions
{
    public static DefaultHttpContext ToContext(this Asks asks)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = asks == Asks.Head ? HttpMethods.Head : HttpMethods.Get;
        if (asks is Asks.Front or Asks.Back) context.Request.Headers.Range = asks == Asks.Front ? SimulatedOrigin.Front : SimulatedOrigin.Back;
        return context;
    }
}

/// <summary>An answer of the origin: the head, and the bytes behind it.</summary>
internal sealed record SimulatedResponse(int Status, HeaderFields Headers, byte[] Body);

/// <summary>
/// The origin: each half of a model's bytes says which version it is of. Its entity tag stands for several versions: validators that are too
/// coarse are common, and it is purges that origins rely on then. Only a whole response names the tags.
/// </summary>
internal static class SimulatedOrigin
{
    public const string Front = "bytes=0-3";
    public const string Back = "bytes=4-7";
    private const int VersionsPerEntityTag = 3;

    public static int OldestIn(ReadOnlySpan<byte> body)
    {
        var oldest = int.MaxValue;
        foreach (var version in MemoryMarshal.Cast<byte, int>(body)) oldest = Math.Min(oldest, version);
        return oldest;
    }

    public static SimulatedResponse Answer(World world, Model model, Fill fill, FillBasis basis)
    {
        var version = world.Committed[model.Index];
        var entityTag = FormattableString.Invariant($"\"{version / VersionsPerEntityTag}\"");
        var fields = HeaderFields.Empty.With("ETag", entityTag).With("Cache-Control", Freshness(world));
        var half = BitConverter.GetBytes(version);
        if (fill.Request.IsHead) return new(StatusCodes.Status200OK, fields, []);
        if (basis.Validates is { } stored && stored.Response.Headers["ETag"] == entityTag) return new(StatusCodes.Status304NotModified, fields, []);
        if (basis.Rest is { } rest && rest.Validator == entityTag) return new(StatusCodes.Status206PartialContent, fields.With("Content-Range", "bytes 4-7/8"), half);
        var tagged = model.AllTags.Length > model.Tags.Length ? fields.With("Cache-Tag", Model.LateTag) : fields;
        if (basis.AsksRange) return new(StatusCodes.Status206PartialContent, tagged.With("Content-Range", fill.Request.Range == Front ? "bytes 0-3/8" : "bytes 4-7/8"), half);
        return new(StatusCodes.Status200OK, tagged, [.. half, .. half]);
    }

    private static string Freshness(World world)
    {
        if (!world.Derives) return "max-age=3600";
        return world.Scheduler.Random.Next(4) switch { 0 => "no-cache", 1 => "max-age=1", _ => "max-age=3600" };
    }
}
