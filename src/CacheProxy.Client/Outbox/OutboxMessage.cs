using CacheProxy.Client.Events;

namespace CacheProxy.Client.Outbox;

/// <summary>An event in the outbox.</summary>
/// <param name="Sequence">Its place in the order of commits.</param>
/// <param name="Partition">Events of one partition are delivered in order; usually the model's id.</param>
/// <param name="Event">What is sent.</param>
/// <param name="CreatedAt">When it was written, or last put back by hand.</param>
/// <param name="Refusals">How often the target it was read for has refused it.</param>
public sealed record OutboxMessage(long Sequence, string Partition, CacheEvent Event, DateTimeOffset CreatedAt, int Refusals);

/// <summary>An event that a target never took: kept until it is put back or removed by hand.</summary>
/// <param name="Sequence">Its place in the order of commits.</param>
/// <param name="Partition">Usually the model's id.</param>
/// <param name="Id">The <c>webhook-id</c>.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Target">Who did not take it.</param>
/// <param name="CreatedAt">When it was written.</param>
/// <param name="LastError">What the target said last.</param>
public sealed record DeadLetter(long Sequence, string Partition, string Id, string Type, Uri Target, DateTimeOffset CreatedAt, string LastError);

/// <summary>How much is in the outbox.</summary>
/// <param name="Pending">Events that at least one configured target has not taken yet.</param>
/// <param name="Dead">Dead letters.</param>
public sealed record OutboxCounts(int Pending, int Dead);
