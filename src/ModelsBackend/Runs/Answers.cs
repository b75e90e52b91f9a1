using ModelsBackend.Evaluation;

namespace ModelsBackend.Runs;

// What goes over the wire; the names are snake_case there.
public sealed record TrainRequest(string? ModelType, string? Dataset, string? Name, bool? Public, TrainParameters? Parameters);

public sealed record TrainParameters(int? Trees, int? Leaves);

public sealed record UpdateRequest(string? Name, bool? Public);

public sealed record CompareRequest(string[]? ModelRunIds, string? Metric);

public sealed record RunAccepted(string ModelRunId, string Status, string StatusUrl);

public sealed record RunSummary(
    string ModelRunId, string Name, string ModelType, string Dataset, string Status, int Version, bool Public, bool Yours, DateTimeOffset CreatedAt);

public sealed record RunList(int Total, RunSummary[] Runs);

public sealed record RunState(string ModelRunId, string Status, int Version, string? Error);

public sealed record RunResult(
    string ModelRunId, int Version, string Name, string ModelType, string Dataset, TrainParameters Parameters, int Rows, string[] Features,
    double TrainingSeconds, DateTimeOffset? FinishedAt, int ModelBytes);

public sealed record RunAccess(string ModelRunId, string Access);

public sealed record Interval(double Low, double High);

public sealed record Validation(int Repeats, int Folds, Dictionary<string, double> Mean, Dictionary<string, double> StandardDeviation);

public sealed record RunMetrics(
    string ModelRunId, int Version, string ModelType, string Dataset, int Rows, Dictionary<string, double> Metrics,
    Dictionary<string, Interval> ConfidenceIntervals, Validation CrossValidation, int BootstrapRounds);

public sealed record RunImportance(string ModelRunId, int Version, string Metric, int Permutations, IReadOnlyList<FeatureWeight> FeatureImportance);

public sealed record ComparedRun(int Rank, string ModelRunId, int Version, string ModelType, string Dataset, double Value, Interval ConfidenceInterval);

public sealed record ComparedPair(string Better, string Worse, double Difference, double Probability);

public sealed record RunComparison(string Metric, string Best, ComparedRun[] Models, ComparedPair[] Pairs);

public sealed record ModelTypeInfo(string Name, string Description);

public sealed record DatasetInfo(string Name, string Description, string[] Features);

public sealed record AvailableModels(ModelTypeInfo[] ModelTypes, DatasetInfo[] Datasets, string[] Metrics);
