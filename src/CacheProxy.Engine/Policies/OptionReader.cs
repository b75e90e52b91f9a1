using System.Collections.Immutable;
using System.Globalization;

namespace CacheProxy.Engine.Policies;

/// <summary>Reads values of one object of the configuration and reports what is wrong with each, with its path.</summary>
internal sealed class OptionReader(string path, ICollection<ConfigurationError> errors)
{
    public void Report(string name, string? value, string problem) => errors.Add(new($"{path}.{name}", value, problem));

    public TEnum Choice<TEnum>(string name, string? text, TEnum otherwise) where TEnum : struct, Enum
    {
        if (text is null) return otherwise;
        // Numbers would parse too, and mean nothing to a reader.
        if (text.Length > 0 && char.IsAsciiLetter(text[0]) && Enum.TryParse<TEnum>(text, ignoreCase: true, out var value) && Enum.IsDefined(value)) return value;
        Report(name, text, $"is none of the choices: write {string.Join(", ", Enum.GetNames<TEnum>())}");
        return otherwise;
    }

    public bool Flag(string name, string? text)
    {
        if (text is null) return false;
        if (bool.TryParse(text, out var value)) return value;
        Report(name, text, "is neither true nor false: write one of them");
        return false;
    }

    public double Share(string name, string? text)
    {
        if (text is null) return 0;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= 1) return value;
        Report(name, text, "is no share: write a number from 0 to 1, such as 0.1");
        return 0;
    }

    public TimeSpan Duration(string name, string? text, bool required = false)
    {
        if (text is null)
        {
            if (required) Report(name, null, "is missing: write a duration, such as 30s");
            return TimeSpan.Zero;
        }
        if (!Durations.TryParse(text, out var value, out var problem)) Report(name, text, problem);
        else if (required && value <= TimeSpan.Zero) Report(name, text, "is no time at all: write a duration above 0");
        return value;
    }

    public long Size(string name, string? text, long otherwise)
    {
        if (text is null) return otherwise;
        if (!Sizes.TryParse(text, out var value, out var problem)) Report(name, text, problem);
        else if (value > 0) return value;
        else Report(name, text, "is nothing: write a size above 0");
        return otherwise;
    }

    public Template? Template(string name, string? text, TemplateUse use) =>
        text is null ? null : TemplateParser.TryParse(text, use, $"{path}.{name}", errors);

    public ImmutableArray<Template> Templates(string name, ImmutableArray<string> texts, TemplateUse use) =>
        [.. texts.Select((text, i) => Template($"{name}[{i}]", text, use)).OfType<Template>()];
}
