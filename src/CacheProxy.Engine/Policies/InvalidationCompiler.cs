namespace CacheProxy.Engine.Policies;

/// <summary>Compiles the templates of an invalidation.</summary>
internal static class InvalidationCompiler
{
    /// <summary>The values of <c>Mode</c>.</summary>
    private enum Modes
    {
        Hard,
        Soft,
        Refresh,
    }

    public static InvalidationTemplates Compile(InvalidationConfig config, string path, bool isEvent, ICollection<ConfigurationError> errors)
    {
        var read = new OptionReader(path, errors);
        var key = isEvent ? TemplateUse.EventKey : TemplateUse.Key;
        var keys = read.Templates("Keys", config.Keys, key);
        var tags = read.Templates("Tags", config.Tags, key);
        var patterns = read.Templates("Patterns", config.Patterns, isEvent ? TemplateUse.EventPattern : TemplateUse.Pattern);
        var everything = read.Flag("Everything", config.Everything);
        if (!everything && config.Keys.IsEmpty && config.Tags.IsEmpty && config.Patterns.IsEmpty)
            errors.Add(new(path, null, "names nothing to purge: write Keys, Tags, Patterns or \"Everything\": true"));
        return new(keys, tags, patterns, everything, read.Choice("Mode", config.Mode, Modes.Hard).ToString());
    }
}
