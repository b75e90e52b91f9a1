using System.Security.Claims;
using CacheProxy.Client.Keys;
using Microsoft.EntityFrameworkCore;
using ModelsBackend.Data;

namespace ModelsBackend.Runs;

/// <summary>Who may see and who may change a run. Every endpoint of a run asks here first, <c>access</c> among them.</summary>
public static class RunAccessRules
{
    /// <summary>The run, or the answer to give instead: 404 unknown, 401 anonymous, 403 a stranger.</summary>
    public static async Task<(ModelRun? Run, IResult? Refusal)> VisibleAsync(ModelsDbContext context, string id, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var canonical = CacheKeys.Canonical(id);
        var run = await context.Runs.SingleOrDefaultAsync(r => r.Id == canonical, cancellationToken);
        if (run is null) return (null, Problems.NotFound(id));
        if (run.IsPublic || (run.Owner is not null && run.Owner == Subject(user))) return (run, null);
        return (null, Subject(user) is null ? Problems.Unauthorized(id) : Problems.Forbidden($"The run '{id}' is somebody else's, and it is private."));
    }

    /// <summary>As <see cref="VisibleAsync"/>, for those who may change it: its owner, and with a demo run, where that is allowed, anyone with a token.</summary>
    public static async Task<(ModelRun? Run, IResult? Refusal)> ChangeableAsync(
        ModelsDbContext context, string id, ClaimsPrincipal user, bool demoToo, CancellationToken cancellationToken)
    {
        var (run, refusal) = await VisibleAsync(context, id, user, cancellationToken);
        if (run is null) return (null, refusal);
        if (Subject(user) is not { } subject) return (null, Problems.Unauthorized(id));
        if (run.Owner == subject || (run.Owner is null && demoToo)) return (run, null);
        return (null, Problems.Forbidden(run.Owner is null ? $"The run '{id}' is a demo: it can be trained again, but not changed or deleted." : $"The run '{id}' is somebody else's."));
    }

    public static string? Subject(ClaimsPrincipal user) => user.FindFirstValue("sub");
}
