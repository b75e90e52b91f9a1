using System.Globalization;
using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>Reads single settings, with their defaults and bounds, and reports what is wrong.</summary>
internal sealed class SettingsReader(IConfiguration configuration, ConfigurationErrors errors)
{
    public string? Text(string key) => string.IsNullOrWhiteSpace(configuration[key]) ? null : configuration[key];

    public void Report(string key, string? value, string problem) => errors.Add(Path(key), value, problem);

    /// <summary>The elements of a list; none when it is not there.</summary>
    public string[] Texts(string key)
    {
        var section = configuration.GetSection(key);
        var items = section.GetChildren().Select(static item => item.Value ?? "").ToArray();
        if (items.Length == 0 && !string.IsNullOrEmpty(section.Value)) errors.Add(Path(key), section.Value, $"is no list: write {key}:0, {key}:1 and so on");
        for (var i = 0; i < items.Length; i++)
            if (string.IsNullOrWhiteSpace(items[i])) errors.Add($"{Path(key)}[{i}]", items[i], "is empty: write a value, or leave it out");
        return items;
    }

    public string? ReadableFile(string key)
    {
        if (Text(key) is not { } file) return null;
        if (File.Exists(file)) return file;
        errors.Add(Path(key), file, "is no file that can be read: write the path of one");
        return null;
    }

    public TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan min, TimeSpan max)
    {
        if (Text(key) is not { } text) return otherwise;
        if (!Durations.TryParse(text, out var value, out var problem)) errors.Add(Path(key), text, problem);
        else if (value < min || value > max) errors.Add(Path(key), text, $"is out of bounds: write {Say(min)} to {Say(max)}");
        else return value;
        return otherwise;
    }

    public long Size(string key, long otherwise, long min, long max)
    {
        if (Text(key) is not { } text) return otherwise;
        if (!Sizes.TryParse(text, out var value, out var problem)) errors.Add(Path(key), text, problem);
        else if (value < min || value > max) errors.Add(Path(key), text, $"is out of bounds: write {min} to {max} bytes");
        else return value;
        return otherwise;
    }

    public int Number(string key, int otherwise, int min, int max)
    {
        if (Text(key) is not { } text) return otherwise;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max) return value;
        errors.Add(Path(key), text, $"is no whole number from {min} to {max}");
        return otherwise;
    }

    public bool Switch(string key, bool otherwise)
    {
        if (Text(key) is not { } text) return otherwise;
        if (text.Equals("On", StringComparison.OrdinalIgnoreCase) || text.Equals("true", StringComparison.OrdinalIgnoreCase)) return true;
        if (text.Equals("Off", StringComparison.OrdinalIgnoreCase) || text.Equals("false", StringComparison.OrdinalIgnoreCase)) return false;
        errors.Add(Path(key), text, "is neither On nor Off");
        return otherwise;
    }

    public bool Flag(string key, bool otherwise)
    {
        if (Text(key) is not { } text) return otherwise;
        if (bool.TryParse(text, out var value)) return value;
        errors.Add(Path(key), text, "is neither true nor false");
        return otherwise;
    }

    public TEnum Choice<TEnum>(string key, TEnum otherwise) where TEnum : struct, Enum
    {
        if (Text(key) is not { } text) return otherwise;
        if (char.IsAsciiLetter(text[0]) && Enum.TryParse<TEnum>(text, ignoreCase: true, out var value) && Enum.IsDefined(value)) return value;
        errors.Add(Path(key), text, $"is none of the choices: write {string.Join(", ", Enum.GetNames<TEnum>())}");
        return otherwise;
    }

    public static string Path(string key) => key.Replace(':', '.');

    private static string Say(TimeSpan value) =>
        value.TotalMilliseconds < 1000 ? string.Create(CultureInfo.InvariantCulture, $"{value.TotalMilliseconds:0}ms") : string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds:0}s");
}
