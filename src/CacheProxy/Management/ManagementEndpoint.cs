using CacheProxy.Management.Authentication;

namespace CacheProxy.Management;

/// <summary>An endpoint of ours.</summary>
internal interface IManagementEndpoint
{
    /// <summary>The path, decoded.</summary>
    string Path { get; }

    /// <summary>The method.</summary>
    string Method { get; }

    /// <summary>What the caller's token must allow; <see cref="Permission.None"/> where the endpoint checks the caller by itself.</summary>
    Permission Needs { get; }

    /// <summary>Whether it stays on the clients' listener with <c>Management:Listeners: Admin</c>.</summary>
    bool AlwaysOnClientsListener => false;

    /// <summary>Answers.</summary>
    /// <param name="context">The request.</param>
    /// <param name="caller">Who asks, for the log.</param>
    Task HandleAsync(HttpContext context, string caller);
}

/// <summary>A page of the operators' listener that needs no token: health, metrics, the console.</summary>
/// <param name="Path">The path, exactly.</param>
/// <param name="Handler">Answers GET and HEAD.</param>
public sealed record OperatorsPage(string Path, Func<HttpContext, Task> Handler);
