using System.Text;
using CacheProxy.Client.Events;

namespace CacheProxy.Client.Tests.Events;

public class WebhookSecretTests
{
    private const string First = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string Second = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    private const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    private const long Time = 1614265330;

    // The first two are published by the Standard Webhooks project; the others were computed apart from this code.
    [Theory]
    [InlineData(First, Id, Time, "{\"test\": 2432232314}", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")]
    [InlineData(Second, "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553, "{\"email\":\"test@example.com\",\"username\":\"test_user\"}", "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=")]
    [InlineData(First, Id, Time, "", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A=")]
    [InlineData(First, Id, Time, "{\"n\":\"Žluťoučký €\"}", "v1,UZZdwD57/RHxA76uFaEL81JZvB0YevBoS0G04EP+mvU=")]
    [InlineData(First, Id, Time, "{\"test\":2432232314}", "v1,Vif40peJBP7Iyl0XGmu61n4MwdrcHov5CFREBpE0svs=")]
    [InlineData(Second, Id, Time, "{\"test\": 2432232314}", "v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44=")]
    public void Sign_Vector_Matches(string secret, string id, long time, string body, string expected) =>
        Assert.Equal(expected, WebhookSecret.Parse(secret).Sign(id, DateTimeOffset.FromUnixTimeSeconds(time), Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Sign_BytesThatAreNoText_Matches() => Assert.Equal(
        "v1,3jg4eW7u8bRdDDGq2uq+cH74GMn0QRxtzvZDV5Akycg=",
        WebhookSecret.Parse(First).Sign(Id, DateTimeOffset.FromUnixTimeSeconds(Time), [0xff, 0xfe, 0x00]));

    [Theory]
    [InlineData("")]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [InlineData("whsec_")]
    [InlineData("whsec_c2hvcnQ=")]
    [InlineData("whsec_not base64!")]
    public void Parse_WrongSecret_ThrowsWithoutShowingIt(string text)
    {
        var error = Assert.Throws<FormatException>(() => WebhookSecret.Parse(text));
        Assert.Contains("24 to 64 bytes", error.Message, StringComparison.Ordinal);
        if (text.Length > 6) Assert.DoesNotContain(text[6..], error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_Always_HidesTheSecret() => Assert.Equal("whsec_***", WebhookSecret.Parse(First).ToString());

    [Fact]
    public void Create_Always_IsAGoodSecret() => WebhookSecret.Parse(WebhookSecret.Create());
}
