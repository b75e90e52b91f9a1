namespace CacheProxy.Engine.Tests.Caching;

/// <summary>RFC 9111 §4.4: what a request that changes something makes worthless.</summary>
public sealed class UnsafeMethodTests
{
    [Theory]
    [InlineData("POST", 200, "MISS")]
    [InlineData("PUT", 204, "MISS")]
    [InlineData("DELETE", 303, "MISS")]
    [InlineData("FOO", 200, "MISS")]
    [InlineData("POST", 405, "HIT")]
    [InlineData("POST", 500, "HIT")]
    [InlineData("OPTIONS", 200, "HIT")]
    public async Task Target_OfAnUnsafeRequest_IsForgottenOnlyIfItSucceeded(string method, int status, string expected)
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => request.Method == "GET" ? OriginAnswer.Ok("x", "Cache-Control: max-age=60") : new OriginAnswer(status, "");

        await host.GetAsync();
        await host.SendAsync(new HttpMethod(method), "/a");

        Assert.Equal(expected, (await host.GetAsync()).Cache);
    }

    [Theory]
    [InlineData("Location: /b", "MISS")]
    [InlineData("Content-Location: /b", "MISS")]
    [InlineData("Location: http://other.test/b", "HIT")]
    public async Task Location_OfTheSameOrigin_IsForgottenToo(string field, string expected)
    {
        await using var host = await CacheHost.StartAsync();
        host.Origin.Answers = request => request.Method == "GET" ? OriginAnswer.Ok("x", "Cache-Control: max-age=60") : new OriginAnswer(201, "", field);

        await host.GetAsync("/b");
        await host.SendAsync(HttpMethod.Post, "/a");

        Assert.Equal(expected, (await host.GetAsync("/b")).Cache);
    }
}
