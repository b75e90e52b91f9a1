using System.Text;
using CacheProxy.Engine.Caching.Fills;

namespace CacheProxy.Engine.Tests.Caching;

/// <summary>The body of a running fill: whole while it fits, then a window.</summary>
public sealed class FillBodyTests
{
    private const int Mebibyte = 1 << 20;

    [Fact]
    public async Task Readers_OfAWholeBody_EachGetAllOfItWhateverTheirSpeed()
    {
        var body = new FillBody(new FillBudget(Mebibyte), Mebibyte);
        using var early = body.Open()!;
        await body.AppendAsync("one "u8.ToArray(), default);
        using var late = body.Open()!;
        await body.AppendAsync("two"u8.ToArray(), default);
        body.End(broken: false);

        Assert.Equal("one two", await TextAsync(early));
        Assert.Equal("one two", await TextAsync(late));
        Assert.Equal("one two", Encoding.UTF8.GetString(body.ToMemory().Span));
    }

    [Fact]
    public async Task Body_BeyondItsLimit_IsAWindowThatCannotBeJoinedAnyMore()
    {
        var body = new FillBody(new FillBudget(long.MaxValue), 100_000);
        using var reader = body.Open()!;
        for (var i = 0; i < 8; i++)
        {
            await body.AppendAsync(new byte[50_000], default);
            Assert.Equal(50_000, await ReadAsync(reader, 50_000));
        }

        Assert.False(body.IsWhole);
        Assert.Null(body.Open());
    }

    [Fact]
    public async Task Origin_FarAheadOfASlowReader_WaitsForIt()
    {
        var body = new FillBody(new FillBudget(long.MaxValue), 1_000);
        using var slow = body.Open()!;
        var written = 0;
        async Task WriteAsync()
        {
            for (; written < 100; written++) await body.AppendAsync(new byte[64_000], default);
            body.End(broken: false);
        }

        var writing = WriteAsync();
        Assert.False(writing.IsCompleted);
        Assert.InRange(written, 1, 20);

        Assert.Equal(6_400_000, await ReadAsync(slow, long.MaxValue));
        await writing;
    }

    [Fact]
    public async Task SlowReader_ThatLeaves_HoldsNobodyUp()
    {
        var body = new FillBody(new FillBudget(long.MaxValue), 1_000);
        var slow = body.Open()!;
        using var fast = body.Open()!;
        async Task WriteAsync()
        {
            for (var i = 0; i < 100; i++) await body.AppendAsync(new byte[64_000], default);
            body.End(broken: false);
        }

        var writing = WriteAsync();
        var reading = ReadAsync(fast, long.MaxValue);
        slow.Dispose();

        Assert.Equal(6_400_000, await reading);
        await writing;
    }

    [Fact]
    public async Task Budget_ThatIsSpent_MakesItStreamThroughAndIsGivenBack()
    {
        var budget = new FillBudget(100);
        var body = new FillBody(budget, Mebibyte);
        await body.AppendAsync(new byte[80], default);
        Assert.False(budget.TryTake(30));

        await body.AppendAsync(new byte[80], default);

        Assert.False(body.IsWhole);
        Assert.True(budget.TryTake(100));
    }

    [Fact]
    public async Task End_WithoutTheWhole_IsAnErrorForReaders()
    {
        var body = new FillBody(new FillBudget(Mebibyte), Mebibyte);
        using var reader = body.Open()!;
        await body.AppendAsync("half"u8.ToArray(), default);
        body.End(broken: true);

        Assert.Equal(4, await ReadAsync(reader, 4));
        await Assert.ThrowsAsync<IncompleteBodyException>(async () => await reader.ReadAsync(default));
    }

    [Fact]
    public async Task Expect_AKnownLength_NeedsNoSecondCopy()
    {
        var body = new FillBody(new FillBudget(Mebibyte), Mebibyte);
        body.Expect(8);
        await body.AppendAsync("12345678"u8.ToArray(), default);

        Assert.True(body.ToMemory().Span.Overlaps(body.ToMemory().Span));
    }

    private static async Task<string> TextAsync(FillBody.Reader reader)
    {
        var text = new StringBuilder();
        while (await reader.ReadAsync(default) is { IsEmpty: false } chunk) text.Append(Encoding.UTF8.GetString(chunk.Span));
        return text.ToString();
    }

    private static async Task<long> ReadAsync(FillBody.Reader reader, long until)
    {
        long read = 0;
        while (read < until && await reader.ReadAsync(default) is { IsEmpty: false } chunk) read += chunk.Length;
        return read;
    }
}
