namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>The command line of <c>doctor</c>: its own words, and settings as for the proxy.</summary>
/// <param name="Json">Whether findings are written as JSON.</param>
/// <param name="Origin">As which page the backend is asked.</param>
/// <param name="Targets">Cached targets of the backend, to be looked at.</param>
/// <param name="Settings">What the configuration takes.</param>
internal sealed record DoctorOptions(bool Json, string Origin, IReadOnlyList<string> Targets, string[] Settings)
{
    private const string SomePage = "https://doctor.invalid";

    public static DoctorOptions Parse(string[] arguments)
    {
        var (json, origin) = (false, SomePage);
        List<string> targets = [], settings = [];
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument == "--json") json = true;
            else if (argument == "--origin" && i + 1 < arguments.Length) origin = arguments[++i];
            else if (argument.StartsWith('/')) targets.Add(argument);
            else
            {
                settings.Add(argument);
                // A setting's value may begin like a target.
                if (argument.StartsWith("--", StringComparison.Ordinal) && !argument.Contains('=', StringComparison.Ordinal) && i + 1 < arguments.Length) settings.Add(arguments[++i]);
            }
        }
        return new(json, origin, targets, [.. settings]);
    }
}
