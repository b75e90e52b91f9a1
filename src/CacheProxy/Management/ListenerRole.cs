using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Management;

/// <summary>Whom a listener is for.</summary>
public enum ListenerRole
{
    /// <summary>The clients of the backend: proxied.</summary>
    Clients,

    /// <summary>Operators: nothing is proxied.</summary>
    Operators,
}

/// <summary>Set on each connection by the listener that accepted it, so that no <c>Host</c> header can claim another one.</summary>
public interface IListenerFeature
{
    /// <summary>Whom the listener is for.</summary>
    ListenerRole Role { get; }
}

/// <summary>Tells connections apart by their listener.</summary>
public static class ListenerRoleExtensions
{
    /// <summary>Whether the request came in through the operators' listener.</summary>
    public static bool IsOperatorsListener(this HttpContext context) => context.Features.IsOperatorsListener();

    /// <summary>Whether the features are those of a request, or connection, of the operators' listener.</summary>
    public static bool IsOperatorsListener(this IFeatureCollection features) =>
        features.Get<IListenerFeature>() is { Role: ListenerRole.Operators };
}
