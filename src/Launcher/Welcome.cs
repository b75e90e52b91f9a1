using System.Text;

namespace Launcher;

/// <summary>What the terminal shows when everything is ready: where things are, two tokens, four requests to try.</summary>
internal sealed record Welcome
{
    public required IReadOnlyList<string> Clients { get; init; }

    public required IReadOnlyList<string> Operators { get; init; }

    public required string Backend { get; init; }

    public required string Redis { get; init; }

    /// <summary>Whether this build of the proxy has a page for operators; a link to nowhere helps nobody.</summary>
    public required bool HasConsole { get; init; }

    public required string OperatorToken { get; init; }

    public required string OwnerToken { get; init; }

    public string Render()
    {
        var models = $"{Clients[0]}/api/v1/models";
        var text = new StringBuilder()
            .AppendLine()
            .AppendLine($"  clients    {string.Join("  ", Clients)}")
            .AppendLine($"  operators  {string.Join("  ", Operators)}   (/metrics, /healthz/ready)")
            .AppendLine($"  backend    {Backend}")
            .AppendLine($"  redis      {Redis}")
            .Append(HasConsole ? $"  console    {Operators[0]}/#token={OperatorToken}{Environment.NewLine}" : "")
            .AppendLine()
            .AppendLine("  Development tokens, valid for a day (operator of the cache; owner of models):")
            .AppendLine()
            .AppendLine($"export OPERATOR={OperatorToken}")
            .AppendLine($"export OWNER={OwnerToken}")
            .AppendLine()
            .AppendLine("  Try, in another terminal (the first one twice: MISS, then HIT; after the third a MISS again):")
            .AppendLine()
            .AppendLine($"curl -i {models}/train/abc-123/metrics")
            .AppendLine($"curl -i {models}/compare -H 'Content-Type: application/json' -d '{{\"model_run_ids\":[\"abc-123\",\"def-456\"],\"metric\":\"accuracy\"}}'")
            .AppendLine($"curl -X POST {models}/train/abc-123/retrain -H \"Authorization: Bearer $OWNER\"")
            .AppendLine($"curl {models}/cache/stats -H \"Authorization: Bearer $OPERATOR\"")
            .AppendLine()
            .Append("  Ctrl-C ends all of it.");
        return text.ToString();
    }
}
