namespace ModelsBackend.Evaluation;

/// <summary>The five numbers of a binary classifier.</summary>
public readonly record struct Scores(double Accuracy, double Auc, double F1, double Precision, double Recall)
{
    /// <summary>Their names in requests and answers, in the order of <see cref="this[int]"/>.</summary>
    public static readonly string[] Names = ["accuracy", "auc", "f1_score", "precision", "recall"];

    public double this[int index] => index switch { 0 => Accuracy, 1 => Auc, 2 => F1, 3 => Precision, _ => Recall };
}

/// <summary>What a model said of examples that it had not seen, sorted by score.</summary>
public sealed class HeldOut
{
    private const float Threshold = 0;
    private readonly float[] _scores;
    private readonly bool[] _labels;

    public HeldOut(IEnumerable<(float Score, bool Label)> predictions)
    {
        var sorted = predictions.OrderBy(p => p.Score).ThenBy(p => p.Label).ToArray();
        _scores = [.. sorted.Select(p => p.Score)];
        _labels = [.. sorted.Select(p => p.Label)];
    }

    public int Count => _scores.Length;

    public Scores Measure()
    {
        var once = new int[Count];
        Array.Fill(once, 1);
        return Measure(once);
    }

    /// <summary>One bootstrap round: as many examples, drawn with replacement.</summary>
    /// <param name="random">Where the draw comes from.</param>
    /// <param name="counts">Scratch of <see cref="Count"/> numbers.</param>
    public Scores Resample(Random random, int[] counts)
    {
        Array.Clear(counts);
        for (var i = 0; i < counts.Length; i++) counts[random.Next(counts.Length)]++;
        return Measure(counts);
    }

    private Scores Measure(int[] counts)
    {
        double truePositives = 0, falsePositives = 0, negatives = 0, positives = 0, ordered = 0;
        for (var i = 0; i < _scores.Length;)
        {
            // Equal scores count half for the area under the curve, so they are taken together.
            double positivesHere = 0, negativesHere = 0;
            var score = _scores[i];
            for (; i < _scores.Length && _scores[i] == score; i++)
            {
                if (_labels[i]) positivesHere += counts[i];
                else negativesHere += counts[i];
            }

            ordered += positivesHere * (negatives + (negativesHere / 2));
            positives += positivesHere;
            negatives += negativesHere;
            if (score <= Threshold) continue;
            truePositives += positivesHere;
            falsePositives += negativesHere;
        }

        var correct = truePositives + (negatives - falsePositives);
        return new Scores(
            correct / (positives + negatives),
            Share(ordered, positives * negatives),
            Share(2 * truePositives, positives + truePositives + falsePositives),
            Share(truePositives, truePositives + falsePositives),
            Share(truePositives, positives));
    }

    private static double Share(double part, double whole) => whole == 0 ? 0 : part / whole;
}
