using System.Text.Json;
using CacheProxy.Engine.Invalidation;

namespace CacheProxy.Management.Events;

/// <summary>
/// What an event of the backend invalidates. Registered by the composition, so that each call reads the mapping that is current then.
/// </summary>
/// <param name="type">The event's type.</param>
/// <param name="data">Its data, a JSON object.</param>
/// <param name="invalidation">What to purge; null when the result is false.</param>
/// <param name="error">For the sender: the known types, or the value that is missing; null when the result is true.</param>
public delegate bool EventMapper(string type, JsonElement data, out Invalidation? invalidation, out string? error);
