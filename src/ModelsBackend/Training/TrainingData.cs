using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace ModelsBackend.Training;

/// <summary>One example.</summary>
public sealed class Example
{
    public float[] Features { get; set; } = [];

    public bool Label { get; set; }
}

/// <summary>
/// The examples of a run's version, generated: always the same for the same version, others for the next, as if fresh data had come in.
/// </summary>
public static class TrainingData
{
    public const int Rows = 1_000;

    public static IDataView Load(MLContext ml, Dataset dataset, string runId, int version)
    {
        var count = dataset.Features.Length;
        var schema = SchemaDefinition.Create(typeof(Example));
        var column = schema[nameof(Example.Features)];
        column.ColumnType = new VectorDataViewType(NumberDataViewType.Single, count);
        var names = new VBuffer<ReadOnlyMemory<char>>(count, [.. dataset.Features.Select(f => f.AsMemory())]);
        column.AddAnnotation("SlotNames", names, new VectorDataViewType(TextDataViewType.Instance, count));
        return ml.Data.LoadFromEnumerable(Generate(dataset, Seed($"{dataset.Name}/{runId}/{version}")), schema);
    }

    /// <summary>A seed that is the same in every process (string.GetHashCode is not).</summary>
    public static int Seed(string name) => BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(name))) & int.MaxValue;

    private static Example[] Generate(Dataset dataset, int seed)
    {
        var random = new Random(seed);
        var weights = dataset.Features.Select((_, i) => (1.2 + (0.6 * random.NextDouble())) / (1 + i)).ToArray();
        var rows = new Example[Rows];
        for (var row = 0; row < Rows; row++)
        {
            var features = new float[weights.Length];
            var score = 0.0;
            for (var i = 0; i < features.Length; i++)
            {
                var value = Gaussian(random);
                features[i] = (float)value;
                score += weights[i] * value;
            }

            // Something that a linear model would miss.
            score += 0.8 * features[0] * features[1];
            rows[row] = new Example { Features = features, Label = score + (dataset.Noise * Gaussian(random)) > dataset.Threshold };
        }

        return rows;
    }

    private static double Gaussian(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
