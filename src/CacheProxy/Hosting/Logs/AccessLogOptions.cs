namespace CacheProxy.Hosting.Logs;

/// <summary>Whether each request leaves a line (<c>AccessLog</c>: <c>On</c> or <c>Off</c>, the default).</summary>
/// <param name="On">Whether it does.</param>
public sealed record AccessLogOptions(bool On = false)
{
    /// <summary>Reads the setting; what is wrong is added to <paramref name="errors"/>.</summary>
    public static AccessLogOptions Read(IConfiguration configuration, ICollection<string> errors)
    {
        switch (configuration["AccessLog"]?.ToLowerInvariant())
        {
            case null or "" or "off": return new();
            case "on": return new(true);
            case var _:
                errors.Add($"AccessLog = '{configuration["AccessLog"]}' is neither On nor Off. Write one of them.");
                return new();
        }
    }
}
