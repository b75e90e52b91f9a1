using CacheProxy.Engine.Policies;

namespace CacheProxy.Configuration;

/// <summary>A configuration that cannot be used, with everything that is wrong with it. At start the process ends with its message and exit code 1.</summary>
/// <param name="source">The file, or what stands for it.</param>
/// <param name="errors">All errors.</param>
public sealed class ConfigurationException(string source, IReadOnlyList<ConfigurationError> errors) : Exception(Render(source, errors))
{
    /// <summary>All errors.</summary>
    public IReadOnlyList<ConfigurationError> Errors { get; } = errors;

    /// <summary>One line for the file, one for each error.</summary>
    public static string Render(string source, IReadOnlyList<ConfigurationError> errors) =>
        $"The configuration is not usable ({errors.Count} {(errors.Count == 1 ? "error" : "errors")} in {source}):{Environment.NewLine}{string.Join(Environment.NewLine, errors.Select(error => $"  {error}"))}";

    /// <summary>Throws if a room has found something wrong in its own settings.</summary>
    /// <param name="source">What the settings stand in.</param>
    /// <param name="texts">Each names the setting, its value and the remedy.</param>
    public static void ThrowIfAny(string source, IReadOnlyCollection<string> texts)
    {
        if (texts.Count == 0) return;
        throw new ConfigurationException(source, [.. texts.Select(static text => new ConfigurationError("settings", null, text))]);
    }
}
