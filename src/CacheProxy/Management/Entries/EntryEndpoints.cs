using System.Globalization;
using System.Text;
using System.Text.Unicode;
using CacheProxy.Engine.Invalidation;
using CacheProxy.Engine.Storage;
using CacheProxy.Management.Authentication;
using CacheProxy.Management.Purging;

namespace CacheProxy.Management.Entries;

/// <summary><c>GET /_cache/entries?pattern=&amp;cursor=&amp;limit=</c>: what is stored.</summary>
internal sealed class ListEntriesEndpoint(ManagementOptions options, IEntryCatalog catalog) : IManagementEndpoint
{
    private const int DefaultLimit = 100, MaxLimit = 1_000;

    public string Path { get; } = options.Prefix + "/entries";

    public string Method => HttpMethods.Get;

    public Permission Needs => Permission.Read;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        var query = context.Request.Query;
        if (!QueryReader.TryRead(query, ["pattern", "cursor", "limit"], out var problem))
        {
            await problem.WriteAsync(context);
            return;
        }

        var limit = DefaultLimit;
        if (QueryReader.Value(query, "limit") is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit))
        {
            await Problems.InvalidQuery($"The parameter 'limit' is not a number from 1 to {MaxLimit}.").WriteAsync(context);
            return;
        }

        var page = await catalog.ListAsync(QueryReader.Value(query, "pattern") ?? "*", QueryReader.Value(query, "cursor"), limit, context.RequestAborted);
        await ManagementJson.WriteAsync(context, new([.. page.Entries.Select(entry => EntryDescriber.Describe(entry, whole: false))], page.Cursor), ManagementJson.Default.EntriesBody);
    }
}

/// <summary><c>GET /_cache/entry?key=</c>: every stored response of a primary key, with headers and body.</summary>
internal sealed class ReadEntryEndpoint(ManagementOptions options, IEntryCatalog catalog) : IManagementEndpoint
{
    public string Path { get; } = options.Prefix + "/entry";

    public string Method => HttpMethods.Get;

    public Permission Needs => Permission.Read;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        if (await EntryDescriber.KeyAsync(context) is not { } key) return;
        var entries = await catalog.FindAsync(key, context.RequestAborted);
        if (entries.IsEmpty)
        {
            await new Problem(StatusCodes.Status404NotFound, "entry-not-found", "Entry not found", "Nothing is stored under this key. GET the list of entries to see what is.").WriteAsync(context);
            return;
        }

        await ManagementJson.WriteAsync(context, new([.. entries.Select(entry => EntryDescriber.Describe(entry, whole: true))], null), ManagementJson.Default.EntriesBody);
    }
}

/// <summary><c>DELETE /_cache/entry?key=</c>: purges a primary key, with every remainder and variant.</summary>
internal sealed class DeleteEntryEndpoint(ManagementOptions options, Purger purger) : IManagementEndpoint
{
    public string Path { get; } = options.Prefix + "/entry";

    public string Method => HttpMethods.Delete;

    public Permission Needs => Permission.Purge;

    public async Task HandleAsync(HttpContext context, string caller)
    {
        if (await EntryDescriber.KeyAsync(context) is not { } key) return;
        if (await purger.PurgeAsync(context, new() { Keys = [key] }, InvalidationSource.Operator, caller) is not var (receipt, count)) return;
        await ManagementJson.WriteAsync(context, Purger.Describe(receipt, count), ManagementJson.Default.ReceiptBody);
    }
}

/// <summary>Entries as JSON.</summary>
internal static class EntryDescriber
{
    /// <summary>The mandatory parameter <c>key</c>; null when the answer (400) has been written.</summary>
    public static async Task<string?> KeyAsync(HttpContext context)
    {
        if (!QueryReader.TryRead(context.Request.Query, ["key"], out var problem)) await problem.WriteAsync(context);
        else if (QueryReader.Value(context.Request.Query, "key") is { } key) return key;
        else await Problems.InvalidQuery("The parameter 'key' is missing. Give the primary key, for instance ?key=model:metrics:abc-123.").WriteAsync(context);
        return null;
    }

    /// <summary>The entry; with headers and body when it is shown whole.</summary>
    public static EntryBody Describe(EntryDescription entry, bool whole)
    {
        var body = new EntryBody(
            entry.Key, entry.Name, entry.Policy, entry.Tier, entry.Status, entry.Length,
            Math.Round(entry.Age.TotalSeconds, 3), Math.Round(entry.Ttl.TotalSeconds, 3), entry.Tags);
        if (!whole) return body;
        var headers = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in entry.Headers) headers[field.Key] = [.. field.Value.OfType<string>()];
        var text = Utf8.IsValid(entry.Body.Span);
        return body with
        {
            Headers = headers,
            Body = text ? Encoding.UTF8.GetString(entry.Body.Span) : null,
            BodyBase64 = text ? null : Convert.ToBase64String(entry.Body.Span),
        };
    }
}
