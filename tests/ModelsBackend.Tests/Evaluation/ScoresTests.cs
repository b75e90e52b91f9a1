using CsCheck;
using ModelsBackend.Evaluation;

namespace ModelsBackend.Tests.Evaluation;

public class ScoresTests
{
    [Fact]
    public void Measure_KnownPredictions_GivesTheTextbooksNumbers()
    {
        var scores = new HeldOut([(2, true), (1, false), (0.5f, true), (-1, true), (-2, false), (-3, false)]).Measure();
        Assert.Equal(4 / 6.0, scores.Accuracy, 12);
        Assert.Equal(2 / 3.0, scores.Precision, 12);
        Assert.Equal(2 / 3.0, scores.Recall, 12);
        Assert.Equal(2 / 3.0, scores.F1, 12);
        Assert.Equal(7 / 9.0, scores.Auc, 12);
    }

    [Fact]
    public void Measure_Auc_IsTheShareOfPairsInRightOrder() =>
        Gen.Select(Gen.Int[-3, 3], Gen.Bool).Array[2, 40].Where(all => all.Any(p => p.Item2) && all.Any(p => !p.Item2)).Sample(all =>
        {
            var pairs = from a in all where a.Item2 from b in all where !b.Item2 select a.Item1 > b.Item1 ? 1.0 : a.Item1 == b.Item1 ? 0.5 : 0.0;
            return Math.Abs(pairs.Average() - new HeldOut(all.Select(p => ((float)p.Item1, p.Item2))).Measure().Auc) < 1e-9;
        });

    [Fact]
    public void Resample_SameSeed_GivesTheSameNumbers()
    {
        var predictions = new HeldOut(Enumerable.Range(0, 50).Select(i => ((i * 7 % 50) - 25f, i % 3 == 0)));
        Assert.Equal(predictions.Resample(new Random(1), new int[50]), predictions.Resample(new Random(1), new int[50]));
    }
}
