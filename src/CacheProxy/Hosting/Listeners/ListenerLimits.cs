using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Hosting.Listeners;

/// <summary>What a connection may cost us, whoever is at its other end.</summary>
internal static class ListenerLimits
{
    public static void Apply(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowResponseHeaderCompression = true;
        // Octets beyond ASCII (obs-text, RFC 9110 §5.5) pass as they are; with the defaults they make a 500, or other octets.
        kestrel.RequestHeaderEncodingSelector = static _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        var limits = kestrel.Limits;

        // The origin decides how long a body may be: ours is a proxy, and uploads go through it.
        limits.MaxRequestBodySize = null;

        // What passes here must pass at an ordinary origin too, or one oversized head gets its error cached for everybody.
        limits.MaxRequestLineSize = 8 * 1024;
        limits.MaxRequestHeadersTotalSize = 32 * 1024;
        limits.MaxRequestHeaderCount = 100;

        // Slow heads, slow bodies, slow readers.
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        limits.MinRequestBodyDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MinResponseDataRate = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(130);

        limits.Http2.MaxStreamsPerConnection = 100;
        limits.Http2.MaxRequestHeaderFieldSize = 16 * 1024;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
    }
}
