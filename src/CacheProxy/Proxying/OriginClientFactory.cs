using System.Text;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Proxying;

/// <summary>YARP's clients of the origins, within our bounds, and with an ear for interim responses.</summary>
internal sealed class OriginClientFactory(OriginOptions options, ILogger<ForwarderHttpClientFactory> logger) : ForwarderHttpClientFactory(logger)
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = options.ConnectTimeout;
        options.Tls?.Apply(handler.SslOptions);
        handler.MaxResponseHeadersLength = 64;
        handler.RequestHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
        handler.ResponseHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
        handler.PlaintextStreamFilter = static (filter, _) =>
            new(filter.NegotiatedHttpVersion.Major == 1 ? new InterimStream(filter.PlaintextStream) : filter.PlaintextStream);
    }
}
