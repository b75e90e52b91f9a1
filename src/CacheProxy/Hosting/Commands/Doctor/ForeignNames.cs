using System.Text;
using StackExchange.Redis;

namespace CacheProxy.Hosting.Commands.Doctor;

/// <summary>Finds a name under our prefix in Redis that none of our parts makes.</summary>
internal sealed class ForeignNames(string instanceName)
{
    private const int MostLookedAt = 100_000;

    // Entries and tags of the shared tier's store, the replicas' sums, housekeeping, fill locks. The log's own begin with a brace.
    private static readonly string[] s_ours = ["__MSOCV_", "__MSOCT", "stats", "scan:", "fill:"];

    public async Task<string?> FindAsync(IServer server, int database)
    {
        var looked = 0;
        await foreach (var key in server.KeysAsync(database, Escape(instanceName) + "*", pageSize: 1_000))
        {
            var name = (string)key!;
            if (!s_ours.Any(ours => name.AsSpan(instanceName.Length).StartsWith(ours, StringComparison.Ordinal))) return Shown(name);
            if (++looked >= MostLookedAt) return null;
        }
        return null;
    }

    private static string Shown(string name) => new([.. name.Take(80).Select(static c => char.IsControl(c) ? '?' : c)]);

    private static string Escape(string text)
    {
        var pattern = new StringBuilder();
        foreach (var c in text)
        {
            if (c is '*' or '?' or '[' or ']' or '\\' or '^') pattern.Append('\\');
            pattern.Append(c);
        }
        return pattern.ToString();
    }
}
