using CacheProxy.Engine.Http;
using static CacheProxy.Engine.Tests.Http.Messages;

namespace CacheProxy.Engine.Tests.Http;

/// <summary>What every hit asks allocates nothing.</summary>
public class HitPathAllocationTests
{
    [Fact]
    public void Questions_OfAHit_AllocateNothing()
    {
        var request = Request("Accept-Encoding: gzip, deflate, br;q=0.9", "User-Agent: x (y, z)", "Origin: https://a.test");
        var stored = Response("ETag: \"a\"", $"Last-Modified: {At(-100)}", $"Date: {At(0)}");
        var directives = Directives("max-age=60");
        Ask(3);

        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask(100);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Ask(int times)
        {
            for (var i = 0; i < times; i++)
            {
                ContentCoding.Negotiate(request.AcceptEncoding);
                Vary.Normalize("origin", request.Origin);
                Vary.Normalize("user-agent", request.UserAgent);
                Freshness.AllowsRequest(CacheControl.None, directives, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
                ConditionalRequest.Evaluate("GET", request, 200, stored, Now, Now);
                ByteRanges.Select("GET", request, stored, 100, Now);
            }
        }
    }
}
