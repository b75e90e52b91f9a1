using System.Text.Json;

namespace CacheProxy.Management.Events;

/// <summary>What an event says: a body of Standard Webhooks, or CloudEvents 1.0 in structured JSON.</summary>
/// <param name="Type">Its type.</param>
/// <param name="Data">Its data, a JSON object that lives as long as its document.</param>
internal readonly record struct BackendEvent(string Type, JsonElement Data)
{
    /// <summary>Reads the envelope. Members that neither format knows are let be, since both allow extensions.</summary>
    /// <returns>False with what is wrong, for the sender.</returns>
    public static bool TryRead(JsonElement root, out BackendEvent result, out string? error)
    {
        result = default;
        error = null;
        if (root.ValueKind != JsonValueKind.Object)
        {
            error = "The body is not a JSON object. Send {\"type\":…,\"timestamp\":…,\"data\":{…}}, or one CloudEvent.";
            return false;
        }

        if (root.TryGetProperty("specversion", out var version) && (!BoundedBody.TryGetText(version, out var text) || text != "1.0"))
            error = "'specversion' is not \"1.0\". Send CloudEvents 1.0.";
        else if (!root.TryGetProperty("type", out var type) || !BoundedBody.TryGetText(type, out text) || text.Length == 0)
            error = "'type' is missing, or is not a non-empty string.";
        else if (root.TryGetProperty("data_base64", out _))
            error = "'data_base64' is not understood. Send the data as a JSON object in 'data'.";
        else if (!root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Object)
            error = "'data' is missing, or is not a JSON object.";
        else
            result = new(text, data);
        return error is null;
    }
}
