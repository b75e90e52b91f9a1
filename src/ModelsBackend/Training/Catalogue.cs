using System.Collections.Frozen;

namespace ModelsBackend.Training;

/// <summary>A data set that can be trained on.</summary>
/// <param name="Name">Its name in requests.</param>
/// <param name="Description">For people.</param>
/// <param name="Features">Its columns, the strongest first.</param>
/// <param name="Noise">How much of the label is chance.</param>
/// <param name="Threshold">Moves the share of positives; infinity leaves none.</param>
public sealed record Dataset(string Name, string Description, string[] Features, double Noise, double Threshold);

/// <summary>What can be trained.</summary>
public static class Catalogue
{
    /// <summary>Boosted trees.</summary>
    public const string FastTree = "fast_tree";

    /// <summary>A random forest.</summary>
    public const string FastForest = "fast_forest";

    public const int DefaultTrees = 20;
    public const int DefaultLeaves = 8;
    public const int MostTrees = 200;
    public const int MostLeaves = 64;

    public static FrozenDictionary<string, string> ModelTypes { get; } = new Dictionary<string, string>
    {
        [FastTree] = "Gradient-boosted decision trees",
        [FastForest] = "Random forest of decision trees",
    }.ToFrozenDictionary();

    public static FrozenDictionary<string, Dataset> Datasets { get; } = new Dataset[]
    {
        new("churn", "Will a customer leave?", ["tenure_months", "monthly_charges", "support_calls", "contract_months", "late_payments", "data_usage", "discount", "age"], 0.9, 0.3),
        new("fraud", "Is a payment fraudulent?", ["amount", "country_distance", "hour_of_day", "merchant_risk", "card_age", "previous_disputes", "device_changes", "velocity"], 0.6, 1.2),
        new("credit", "Will a loan be repaid?", ["income", "debt_ratio", "credit_lines", "years_employed", "missed_payments", "loan_amount", "dependants", "age"], 1.3, -0.4),
        new("one_class", "Nothing to learn: training on it fails, as it should", ["a", "b", "c", "d", "e", "f", "g", "h"], 1, double.PositiveInfinity),
    }.ToFrozenDictionary(d => d.Name);
}
