using System.Globalization;
using CacheProxy.Client.Events;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace CacheProxy.Client;

/// <summary>Reads and checks <see cref="CacheProxyClientOptions"/>; all errors at once.</summary>
internal sealed class CacheProxyClientConfiguration(IConfigurationSection section)
    : IConfigureOptions<CacheProxyClientOptions>, IValidateOptions<CacheProxyClientOptions>
{
    private readonly List<string> _errors = [];

    public void Configure(CacheProxyClientOptions options)
    {
        _errors.Clear();
        foreach (var child in section.GetSection("Targets").GetChildren())
        {
            if (Uri.TryCreate(child.Value, UriKind.Absolute, out var target) && target.Scheme is "http" or "https") options.Targets.Add(target);
            else _errors.Add($"{child.Path} is '{child.Value}': give the base address of a proxy, such as http://localhost:7080.");
        }

        ReadSecret(options, "Secret");
        ReadSecret(options, "PreviousSecret");
        options.AttemptTimeout = Duration(nameof(options.AttemptTimeout), options.AttemptTimeout);
        options.FirstRetryAfter = Duration(nameof(options.FirstRetryAfter), options.FirstRetryAfter);
        options.LongestRetryAfter = Duration(nameof(options.LongestRetryAfter), options.LongestRetryAfter);
        options.GiveUpAfter = Duration(nameof(options.GiveUpAfter), options.GiveUpAfter);
        options.PollInterval = Duration(nameof(options.PollInterval), options.PollInterval);
        if (section["Attempts"] is { } attempts)
        {
            if (int.TryParse(attempts, NumberStyles.None, CultureInfo.InvariantCulture, out var number)) options.Attempts = number;
            else _errors.Add($"{section.Path}:Attempts is '{attempts}': give a whole number from 1 to 100.");
        }
    }

    public ValidateOptionsResult Validate(string? name, CacheProxyClientOptions options)
    {
        var errors = new List<string>(_errors);
        Within(options.AttemptTimeout, nameof(options.AttemptTimeout), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Within(options.FirstRetryAfter, nameof(options.FirstRetryAfter), TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Within(options.LongestRetryAfter, nameof(options.LongestRetryAfter), options.FirstRetryAfter, TimeSpan.FromDays(1));
        Within(options.GiveUpAfter, nameof(options.GiveUpAfter), TimeSpan.FromDays(1), TimeSpan.FromDays(90));
        Within(options.PollInterval, nameof(options.PollInterval), TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        if (options.Attempts is < 1 or > 100) errors.Add($"{section.Path}:Attempts is {options.Attempts}: give 1 to 100.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Within(TimeSpan value, string key, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most) errors.Add($"{section.Path}:{key} is {value:c}: give {least:c} to {most:c} (d.hh:mm:ss).");
        }
    }

    private void ReadSecret(CacheProxyClientOptions options, string key)
    {
        if (string.IsNullOrEmpty(section[key])) return;
        try
        {
            options.Secrets.Add(WebhookSecret.Parse(section[key]!));
        }
        catch (FormatException e)
        {
            _errors.Add($"{section.Path}:{key}: {e.Message}");
        }
    }

    // Only "c": TimeSpan.Parse reads "30" as 30 days.
    private TimeSpan Duration(string key, TimeSpan fallback)
    {
        if (section[key] is not { Length: > 0 } text) return fallback;
        if (text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var value)) return value;
        _errors.Add($"{section.Path}:{key} is '{text}': give [d.]hh:mm:ss[.fffffff].");
        return fallback;
    }
}
