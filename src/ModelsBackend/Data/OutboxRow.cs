namespace ModelsBackend.Data;

/// <summary>An event that was committed with the change it tells of.</summary>
public sealed class OutboxRow
{
    public long Sequence { get; init; }

    /// <summary>The run's id: its events are delivered in order.</summary>
    public required string Partition { get; init; }

    public required string EventId { get; init; }

    public required string Type { get; init; }

    public required byte[] Body { get; init; }

    public DateTimeOffset CreatedAt { get; set; }

    public List<DeliveryRow> Deliveries { get; } = [];
}

/// <summary>How far one event has got with one target. No row: not tried, or not the event's fault that it failed.</summary>
public sealed class DeliveryRow
{
    public long Sequence { get; init; }

    public required string Target { get; init; }

    public DeliveryState State { get; set; }

    public int Refusals { get; set; }

    public DateTimeOffset NotBefore { get; set; }

    public string? LastError { get; set; }
}

/// <summary>Stored as its number: append only.</summary>
public enum DeliveryState
{
    Delivered = 1,
    SetAside = 2,
    Dead = 3,
}
