using CacheProxy.Engine.Policies;

namespace CacheProxy.Hosting.Commands;

/// <summary><c>CacheProxy token --scope "cache:read cache:purge" --for 1h [--subject name]</c>: signs an operator's token with the key of the settings.</summary>
public static class TokenCommand
{
    private const string Usage = "Usage: CacheProxy token --scope \"cache:read cache:purge\" --for 1h [--subject name]";

    private static readonly TimeSpan s_longest = TimeSpan.FromDays(365);

    /// <summary>Writes the token.</summary>
    /// <param name="arguments">What follows <c>token</c>.</param>
    /// <param name="configuration">With <c>Authentication:Schemes:Bearer</c>.</param>
    /// <param name="output">Gets the token alone, so that a script can take it.</param>
    /// <param name="error">Gets what is wrong.</param>
    /// <param name="time">The clock.</param>
    /// <returns>The exit code: 0, or 1 when it could not be made.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, IConfiguration configuration, TextWriter output, TextWriter error, TimeProvider time)
    {
        if (!TryRead(arguments, out var scope, out var lifetime, out var subject, out var wrong))
        {
            await error.WriteLineAsync($"{wrong} {Usage}");
            return 1;
        }

        List<string> errors = [];
        var token = OperatorToken.Sign(configuration, scope, lifetime, subject, time, errors);
        foreach (var text in errors) await error.WriteLineAsync(text);
        if (token is null) return 1;
        await output.WriteLineAsync(token);
        return 0;
    }

    private static bool TryRead(IReadOnlyList<string> arguments, out string scope, out TimeSpan lifetime, out string subject, out string? wrong)
    {
        (scope, lifetime, subject, wrong) = ("cache:read", TimeSpan.FromHours(1), Environment.UserName, null);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var value = i + 1 < arguments.Count ? arguments[i + 1] : "";
            switch (arguments[i])
            {
                case "--scope" when value.Split(' ').All(part => part is "cache:read" or "cache:purge"): scope = value; break;
                case "--for" when Durations.TryParse(value, out lifetime, out _) && lifetime > TimeSpan.Zero && lifetime <= s_longest: break;
                case "--subject" when value.Length > 0: subject = value; break;
                default: wrong = $"'{arguments[i]} {value}' is not understood: scopes are cache:read and cache:purge, a duration is like 30m, 1h or 7d, at most 365d."; break;
            }
        }

        return wrong is null;
    }
}
