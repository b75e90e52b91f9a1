namespace ModelsBackend.Data;

/// <summary>How many repeats this machine gets through in the time that an answer may take; measured once, at the first start.</summary>
public sealed class CalibrationRow
{
    public const int TheOne = 1;

    public int Id { get; init; } = TheOne;

    /// <summary>Repeats of the cross-validation.</summary>
    public int Repeats { get; init; }

    /// <summary>Bootstrap rounds.</summary>
    public int Rounds { get; init; }

    /// <summary>Permutations per feature.</summary>
    public int Permutations { get; init; }
}
