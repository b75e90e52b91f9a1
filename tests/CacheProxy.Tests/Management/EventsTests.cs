using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Management.Events;
using CacheProxy.Tests.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Tests.Management;

public sealed class EventsTests
{
    private const string Other = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const string Event = """{"type":"model.updated","timestamp":"2026-01-01T00:00:00Z","data":{"model_run_id":"abc-123"}}""";

    [Theory]
    [InlineData(TestProxy.Secret, Id, 1614265330, "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData(Other, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553, "{\"email\":\"test@example.com\",\"username\":\"test_user\"}", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")]
    [InlineData(TestProxy.Secret, Id, 1614265330, "", "v1,48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=", false)]
    [InlineData(TestProxy.Secret, Id, 1614265330, "", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=")]
    [InlineData(TestProxy.Secret, Id, 1614265330, "{\"n\":\"Žluťoučký €\"}", "v1,UZZdwD57/RHxA76uFaEL81JZvB0YevBoS0G04EP+mvU=")]
    [InlineData(TestProxy.Secret, Id, 1614265330, "{\"test\": 2432232314}", "v1,Vif40peJBP7Iyl0XGmu61n4MwdrcHov5CFREBpE0svs=", false)]
    [InlineData(Other, Id, 1614265330, "{\"test\": 2432232314}", "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=")]
    public void Signature_OfAPublishedVector_Verifies(string secret, string id, long timestamp, string body, string signature, bool good = true) =>
        Assert.Equal(good ? WebhookRefusal.None : WebhookRefusal.Signature, Verify(id, $"{timestamp}", signature, Encoding.UTF8.GetBytes(body), DateTimeOffset.FromUnixTimeSeconds(timestamp), secret));

    [Fact]
    public void Signature_OfBytesThatAreNoText_Verifies() =>
        Assert.Equal(WebhookRefusal.None, Verify(Id, "1614265330", "v1,3jg4eW7u8bRdDDGq2uq+cH74GMn0QRxtzvZDV5Akycg=", [0xff, 0xfe, 0x00], DateTimeOffset.FromUnixTimeSeconds(1614265330)));

    [Theory]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA=")]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=")]
    [InlineData("v1,")]
    [InlineData("v1,g0hM9SsE")]
    [InlineData("v1,dawfeoifkpqwoekfpqoekf")]
    [InlineData("v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData("V1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=,junk")]
    [InlineData("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE")]
    [InlineData("v1=g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    public void Signature_NotExactlyTheRightOne_IsRefused(string signature) =>
        Assert.Equal(WebhookRefusal.Signature, Verify(Id, "1614265330", signature, "{\"test\": 2432232314}"u8.ToArray(), DateTimeOffset.FromUnixTimeSeconds(1614265330)));

    [Fact]
    public void Signature_InAListWithOthers_Verifies()
    {
        const string Junk = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
        const string Good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        var now = DateTimeOffset.FromUnixTimeSeconds(1614265330);
        Assert.Equal(WebhookRefusal.None, Verify(Id, "1614265330", $"{Junk} nocomma v2,{Good[3..]} {Good} {Junk}", "{\"test\": 2432232314}"u8.ToArray(), now));
        Assert.Equal(WebhookRefusal.Malformed, Verify(Id, "1614265330", string.Join(' ', Enumerable.Repeat("v1,x", 10).Append(Good)), "{\"test\": 2432232314}"u8.ToArray(), now));
    }

    [Theory]
    [InlineData(300, WebhookRefusal.None)]
    [InlineData(-300, WebhookRefusal.None)]
    [InlineData(301, WebhookRefusal.Timestamp)]
    [InlineData(-301, WebhookRefusal.Timestamp)]
    public void Timestamp_FiveMinutesEitherWay_IsTheLimit(int seconds, object expected) =>
        Assert.Equal(expected, Verify(Id, "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "{\"test\": 2432232314}"u8.ToArray(), DateTimeOffset.FromUnixTimeSeconds(1614265330 + seconds)));

    [Theory]
    [InlineData("a.1614265330", "1614265330")]
    [InlineData("", "1614265330")]
    [InlineData("a b", "1614265330")]
    [InlineData("ä", "1614265330")]
    [InlineData(Id, "hello")]
    [InlineData(Id, "+1614265330")]
    [InlineData(Id, "01614265330")]
    [InlineData(Id, "1614265330.0")]
    [InlineData(Id, "-1")]
    [InlineData(Id, "")]
    [InlineData(Id, "9999999999999")]
    public void Headers_NotOfTheirForm_AreRefused(string id, string timestamp) =>
        Assert.Equal(WebhookRefusal.Malformed, Verify(id, timestamp, "v1,x", [], DateTimeOffset.FromUnixTimeSeconds(1614265330)));

    [Fact]
    public async Task Event_Signed_PurgesAndSaysWhere()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Signed(Event));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var receipt = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(1, receipt.GetProperty("position").GetInt64());
        Assert.Equal("1700000000000-0123456789abcdef", receipt.GetProperty("epoch").GetString());
        Assert.Equal(1, receipt.GetProperty("replicas").GetProperty("confirmed").GetInt32());
        Assert.Equal(0, receipt.GetProperty("replicas").GetProperty("waitedOut").GetInt32());
        Assert.Equal(1.23, receipt.GetProperty("milliseconds").GetDouble());
        Assert.False(receipt.TryGetProperty("matched", out _));
        var (invalidation, source, _) = Assert.Single(proxy.Log.Appended);
        Assert.Equal<string>(["model:abc-123"], invalidation.Tags);
        Assert.Equal(InvalidationSource.Event, source);
    }

    [Fact]
    public async Task Event_Redelivered_HasTheSameIdOnlyWithTheSameContent()
    {
        await using var proxy = await TestProxy.StartAsync();
        foreach (var (body, id) in ((string, string)[])[(Event, "m1"), (Event, "m1"), (Event + " ", "m1"), (Event, "m2")])
            Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Signed(body, id))).StatusCode);
        var ids = proxy.Log.Appended.Select(appended => appended.PurgeId!).ToArray();
        Assert.Equal(ids[0], ids[1]);
        Assert.Equal(3, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Matches("^[A-Za-z0-9_-]+$", id));
    }

    [Fact]
    public async Task Event_AsCloudEvent_Purges()
    {
        await using var proxy = await TestProxy.StartAsync();
        const string Body = """{"specversion":"1.0","id":"1","source":"/models","type":"model.updated","extension":true,"data":{"model_run_id":"x"}}""";
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Signed(Body, type: "application/cloudevents+json"))).StatusCode);
        Assert.Equal<string>(["model:x"], Assert.Single(proxy.Log.Appended).Invalidation.Tags);
    }

    [Theory]
    [InlineData("""{"type":"model.exploded","data":{}}""", 422, "model.updated")]
    [InlineData("""{"type":"model.updated","data":{}}""", 422, "model_run_id")]
    [InlineData("""{"type":"model.updated"}""", 422, "'data'")]
    [InlineData("""{"type":"model.updated","data":[]}""", 422, "'data'")]
    [InlineData("""{"type":1,"data":{}}""", 422, "'type'")]
    [InlineData("""{"type":"\ud800","data":{}}""", 422, "'type'")]
    [InlineData("""{"data":{}}""", 422, "'type'")]
    [InlineData("""{"specversion":"0.3","type":"model.updated","data":{}}""", 422, "'specversion'")]
    [InlineData("""{"specversion":"1.0","type":"model.updated","data_base64":"AA=="}""", 422, "'data_base64'")]
    [InlineData("""{"type":"model.updated","type":"x","data":{}}""", 400, "twice")]
    [InlineData("""{"\ud800":1}""", 400, "JSON")]
    [InlineData("[]", 422, "object")]
    [InlineData("{", 400, "line 1")]
    [InlineData("", 400, "JSON")]
    [InlineData("""{"type":"many","data":{}}""", 413, "5000")]
    public async Task Event_SignedButWrong_IsNamedAndHasNoEffect(string body, int status, string named)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var response = await proxy.Clients.SendAsync(Signed(body));
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(named, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Empty(proxy.Log.Appended);
    }

    [Theory]
    [InlineData("webhook-id")]
    [InlineData("webhook-timestamp")]
    [InlineData("webhook-signature")]
    public async Task Header_MissingOrTwice_IsRefused(string header)
    {
        await using var proxy = await TestProxy.StartAsync();
        using var missing = Signed(Event);
        var value = missing.Headers.GetValues(header).Single();
        missing.Headers.Remove(header);
        using var response = await proxy.Clients.SendAsync(missing);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);

        // HttpClient would write one line of both.
        var twice = new HeaderDictionary { ["webhook-id"] = Id, ["webhook-timestamp"] = "1614265330", ["webhook-signature"] = "v1,x" };
        Assert.NotNull(WebhookSignature.Read(twice));
        twice[header] = new([value, value]);
        Assert.Null(WebhookSignature.Read(twice));

        Assert.Empty(proxy.Log.Appended);
        var metrics = await proxy.Operators.GetStringAsync("/metrics");
        Assert.Contains("cacheproxy_webhooks_refused_total{reason=\"malformed\"} 1", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Body_BeyondItsLimit_IsTooLarge()
    {
        await using var proxy = await TestProxy.StartAsync();
        using var long1 = await proxy.Clients.SendAsync(Signed(Event + new string(' ', 64 * 1024)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, long1.StatusCode);
        var chunked = Signed(Event + new string(' ', 64 * 1024));
        chunked.Headers.TransferEncodingChunked = true;
        using var long2 = await proxy.Clients.SendAsync(chunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, long2.StatusCode);
        using var whole = await proxy.Clients.SendAsync(Signed(Event + new string(' ', 64 * 1024 - Event.Length)));
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
    }

    [Fact]
    public async Task Body_NotSaidToBeJson_IsUnsupported()
    {
        await using var proxy = await TestProxy.StartAsync();
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await proxy.Clients.SendAsync(Signed(Event, type: "text/plain"))).StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await proxy.Clients.SendAsync(Signed(Event, type: "application/json; charset=utf-16"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Signed(Event, type: "application/json; charset=\"UTF-8\""))).StatusCode);
    }

    [Fact]
    public async Task Event_ThatCannotBeRecorded_IsServiceUnavailableWithRetryAfter()
    {
        await using var proxy = await TestProxy.StartAsync();
        proxy.Log.Refuses = true;
        using var response = await proxy.Clients.SendAsync(Signed(Event));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter!.Delta);
        Assert.Contains("urn:cacheproxy:invalidation-not-recorded", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_Replayed_AfterFiveMinutes_IsRefused()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var proxy = await TestProxy.StartAsync(time: time);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal(HttpStatusCode.Unauthorized, (await proxy.Clients.SendAsync(Signed(Event))).StatusCode);
        Assert.Empty(proxy.Log.Appended);
    }

    [Fact]
    public async Task Secrets_SeveralWhileRotated_EachIsAccepted()
    {
        await using var proxy = await TestProxy.StartAsync(new() { ["Webhooks:Secrets:1"] = Other });
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Signed(Event, secret: Other))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await proxy.Clients.SendAsync(Signed(Event))).StatusCode);
    }

    private static WebhookRefusal Verify(string id, string timestamp, string signature, byte[] body, DateTimeOffset now, string secret = TestProxy.Secret)
    {
        var headers = new HeaderDictionary { ["webhook-id"] = id, ["webhook-timestamp"] = timestamp, ["webhook-signature"] = signature };
        return WebhookSignature.Read(headers)?.Verify(body, [Convert.FromBase64String(secret[6..])], now) ?? WebhookRefusal.Malformed;
    }

    private static HttpRequestMessage Signed(string body, string id = Id, string type = "application/json", string secret = TestProxy.Secret)
    {
        var timestamp = Tokens.Now;
        var signature = HMACSHA256.HashData(Convert.FromBase64String(secret[6..]), Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}"));
        var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var request = new HttpRequestMessage(HttpMethod.Post, "/_cache/events") { Content = content };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", $"{timestamp}");
        request.Headers.Add("webhook-signature", "v1," + Convert.ToBase64String(signature));
        return request;
    }
}
