namespace ModelsBackend.Data;

/// <summary>Where a run stands. Stored as its number: append only.</summary>
public enum RunStatus
{
    Queued = 0,
    Training = 1,
    Completed = 2,
    Failed = 3,
}

/// <summary>A model run: what was asked for, and what the last successful training made of it.</summary>
public sealed class ModelRun
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    /// <summary>The <c>sub</c> of who may change it; <see langword="null"/> for the demo runs.</summary>
    public string? Owner { get; init; }

    public bool IsPublic { get; set; }

    public required string ModelType { get; init; }

    public required string Dataset { get; init; }

    public int Trees { get; init; }

    public int Leaves { get; init; }

    public RunStatus Status { get; set; }

    /// <summary>0 before the first success; each success is the next number, and other numbers in every answer.</summary>
    public int Version { get; set; }

    /// <summary>The trained model as ML.NET saves it; <see langword="null"/> before the first success.</summary>
    public byte[]? Model { get; set; }

    /// <summary>Why the last training failed; <see langword="null"/> after a success.</summary>
    public string? Error { get; set; }

    public DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? FinishedAt { get; set; }

    public double TrainingSeconds { get; set; }
}
