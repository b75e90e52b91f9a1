using Microsoft.ML;
using Microsoft.ML.Trainers.FastTree;
using ModelsBackend.Data;

namespace ModelsBackend.Training;

/// <summary>Trains a run's model. One thread per training, so that the same version gives the same numbers.</summary>
public static class ModelTrainer
{
    private const int Seed = 17;

    public static IEstimator<ITransformer> Estimator(MLContext ml, ModelRun run) => run.ModelType switch
    {
        Catalogue.FastForest => ml.BinaryClassification.Trainers.FastForest(new FastForestBinaryTrainer.Options
        {
            NumberOfTrees = run.Trees,
            NumberOfLeaves = run.Leaves,
            NumberOfThreads = 1,
            Seed = Seed,
        }),
        _ => ml.BinaryClassification.Trainers.FastTree(new FastTreeBinaryTrainer.Options
        {
            NumberOfTrees = run.Trees,
            NumberOfLeaves = run.Leaves,
            NumberOfThreads = 1,
            Seed = Seed,
        }),
    };

    /// <summary>Trains on the data of a version and returns the model as ML.NET saves it.</summary>
    /// <exception cref="TrainingFailedException">The data cannot be learnt from.</exception>
    public static byte[] Train(ModelRun run, int version)
    {
        var ml = new MLContext(Seed);
        var dataset = Catalogue.Datasets[run.Dataset];
        var data = TrainingData.Load(ml, dataset, run.Id, version);
        if (data.Labels(ml).Distinct().Take(2).Count() < 2)
        {
            throw new TrainingFailedException($"All {TrainingData.Rows} examples of '{dataset.Name}' have the same label: there is nothing to tell apart. Choose another dataset.");
        }

        var model = Estimator(ml, run).Fit(data);
        using var bytes = new MemoryStream();
        ml.Model.Save(model, data.Schema, bytes);
        return bytes.ToArray();
    }

    private static IEnumerable<bool> Labels(this IDataView data, MLContext ml) =>
        ml.Data.CreateEnumerable<LabelOnly>(data, reuseRowObject: true).Select(row => row.Label);

    private sealed class LabelOnly
    {
        public bool Label { get; set; }
    }
}

/// <summary>A training that cannot succeed; its message is for the run's owner.</summary>
public sealed class TrainingFailedException(string message) : Exception(message);
