using System.Collections.Immutable;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Engine.Access;

/// <summary>
/// One question to the backend whether a caller may see a response. Its answer is worth what an entry would be that has the response's key and
/// the policy's tags, and the position of before it was sent (INVALIDATION 3).
/// </summary>
/// <param name="key">Whose question about what.</param>
/// <param name="stamp">The position before it was sent; <see langword="null"/> without a state, and then its answer is for the one who asked alone.</param>
/// <param name="primaryKey">Of the response.</param>
/// <param name="tags">The policy's.</param>
internal sealed class AccessQuestion(Hash256 key, Position? stamp, string primaryKey, ImmutableArray<string> tags)
{
    private readonly TaskCompletionSource<Task<AccessAnswer>> _sent = new();

    public Hash256 Key => key;

    public Position? Stamp => stamp;

    /// <summary>The backend's answer, for all who wait for it.</summary>
    public Task<AccessAnswer> Answer => _sent.Task.Unwrap();

    /// <summary>It has been sent.</summary>
    public void AnsweredBy(Task<AccessAnswer> answer) => _sent.SetResult(answer);

    /// <summary>Whether nothing that was purged since it was asked could have changed the answer.</summary>
    public bool IsValid(Snapshot snapshot) => stamp is { } asked && snapshot.Check(asked, primaryKey, tags) == Verdict.Valid;
}
