using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using CacheProxy.Client.Events;
using Processes;

namespace EndToEnd.Purges;

/// <summary>Asks for purges in each of the ways that backends and operators have. Thread-safe.</summary>
internal sealed class PurgeSender(HttpClient http)
{
    public const int Ways = 6;
    private readonly WebhookSecret _secret = WebhookSecret.Parse(ProxyProcess.WebhookSecret);
    private readonly string _token = ProxyProcess.OperatorToken();

    /// <summary>Purges one item, or a group if the way only knows groups. Returns the status, 0 when there was no answer.</summary>
    public async Task<int> SendAsync(Uri proxy, int way, int group, int id, string eventId)
    {
        using var request = way switch
        {
            0 => Event(proxy, eventId, "item.changed", string.Create(CultureInfo.InvariantCulture, $"\"group\":\"{group}\",\"id\":\"{id}\"")),
            1 => Event(proxy, eventId, "group.changed", string.Create(CultureInfo.InvariantCulture, $"\"group\":\"{group}\"")),
            2 => Event(proxy, eventId, "cache.invalidate", string.Create(CultureInfo.InvariantCulture, $"\"patterns\":[\"item:{group}:*\"]")),
            3 => Invalidate(proxy, string.Create(CultureInfo.InvariantCulture, $"\"keys\":[\"item:{group}:{id}\"]")),
            4 => Invalidate(proxy, string.Create(CultureInfo.InvariantCulture, $"\"tags\":[\"group:{group}\"],\"mode\":\"refresh\"")),
            _ => Invalidate(proxy, string.Create(CultureInfo.InvariantCulture, $"\"patterns\":[\"item:[{group}]:*\"]")),
        };
        try
        {
            using var response = await http.SendAsync(request);
            return (int)response.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            return 0;
        }
    }

    /// <summary>Whether the way purges the whole group.</summary>
    public static bool IsOfGroup(int way) => way is not (0 or 3);

    private HttpRequestMessage Event(Uri proxy, string id, string type, string data)
    {
        var body = Encoding.UTF8.GetBytes($"{{\"type\":\"{type}\",\"data\":{{{data}}}}}");
        var now = TimeProvider.System.GetUtcNow();
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(proxy, "/_cache/events")) { Content = Json(body) };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", _secret.Sign(id, now, body));
        return request;
    }

    private HttpRequestMessage Invalidate(Uri proxy, string members)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(proxy, "/_cache/invalidate")) { Content = Json(Encoding.UTF8.GetBytes($"{{{members}}}")) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _token);
        return request;
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
}
