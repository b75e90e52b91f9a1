namespace CacheProxy.Engine.Policies;

/// <summary>
/// Whether two templates could render to the same text, and whether one could do so in two ways: templates are read as finite
/// automata (a value is any run of the key alphabet), and the pair of them is walked.
/// </summary>
internal static class TemplateOverlap
{
    /// <summary>Whether some text is a rendering of both.</summary>
    public static bool CanCollide(Template first, Template second)
    {
        var (a, b) = (Symbols(first), Symbols(second));
        var seen = new HashSet<(int, int)>();
        var open = new Stack<(int, int)>();
        void Visit(int i, int j) { if (seen.Add((i, j))) open.Push((i, j)); }
        Visit(0, 0);
        while (open.TryPop(out var pair))
        {
            var (i, j) = pair;
            if (i == a.Count && j == b.Count) return true;
            foreach (var next in Skips(a, i)) Visit(next, j);
            foreach (var next in Skips(b, j)) Visit(i, next);
            if (i < a.Count && j < b.Count && a[i].Meets(b[j])) Visit(a[i].IsValue ? i : i + 1, b[j].IsValue ? j : j + 1);
        }
        return false;
    }

    /// <summary>
    /// Whether the text tells each value: between two values, whatever groups are left out, stands a character that no value contains, and
    /// no two groups could be mistaken for each other. When in doubt it does not, and the values go into the rest of the name too.
    /// </summary>
    public static bool IsUnambiguous(Template template)
    {
        var groups = template.Parts.Where(part => part.Group >= 0).GroupBy(part => part.Group).ToList();
        if (groups.Count > 1 || groups.Any(group => group.First().Name is not null || !StartsApart(group.First().Literal))) return false;
        var withoutGroups = template.Parts.Where(part => part.Group < 0).ToList();
        return IsSeparated([.. template.Parts]) && IsSeparated(withoutGroups) && (groups.Count == 0 || IsAbsenceVisible(template));
    }

    /// <summary>With the group at the end, behind a separator, what stands before it cannot contain it.</summary>
    private static bool IsAbsenceVisible(Template template) => template.Parts[^1].Group >= 0;

    private static bool StartsApart(string literal) => literal.Length > 0 && IsSeparator(literal[0]);

    private static bool IsSeparated(List<TemplatePart> parts)
    {
        var separated = true;
        foreach (var part in parts)
        {
            if (part.Name is null) separated |= part.Literal.Any(IsSeparator);
            else if (!separated) return false;
            else separated = false;
        }
        return true;
    }

    private static bool IsSeparator(char c) => c != '|' && !KeyEscaping.IsValueCharacter(c);

    private static List<Symbol> Symbols(Template template)
    {
        var symbols = new List<Symbol>();
        foreach (var part in template.Parts)
        {
            if (part.Name is not null) symbols.Add(new('\0', true, part.Group));
            else foreach (var c in part.Literal) symbols.Add(new(c, false, part.Group));
        }
        return symbols;
    }

    private static IEnumerable<int> Skips(List<Symbol> symbols, int i)
    {
        if (i == symbols.Count) yield break;
        if (symbols[i].IsValue) yield return i + 1;
        var group = symbols[i].Group;
        if (group < 0 || (i > 0 && symbols[i - 1].Group == group)) yield break;
        var end = i;
        while (end < symbols.Count && symbols[end].Group == group) end++;
        yield return end;
    }

    private readonly record struct Symbol(char Literal, bool IsValue, int Group)
    {
        public bool Meets(Symbol other) => (IsValue, other.IsValue) switch
        {
            (true, true) => true,
            (true, false) => IsInValue(other.Literal),
            (false, true) => IsInValue(Literal),
            _ => Literal == other.Literal,
        };

        // Joined lists contain the bar.
        private static bool IsInValue(char c) => c == '|' || KeyEscaping.IsValueCharacter(c);
    }
}
