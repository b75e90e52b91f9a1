using System.Collections.Immutable;
using static CacheProxy.Engine.Invalidation.GlobPattern;

namespace CacheProxy.Engine.Invalidation;

/// <summary>Reads a pattern in the order in which Redis' <c>stringmatchlen</c> does, so that broken ones mean the same.</summary>
internal static class GlobCompiler
{
    public static Token[] Compile(string text)
    {
        var tokens = new List<Token>(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            switch (text[at])
            {
                case '*':
                    if (tokens.Count == 0 || tokens[^1].Kind != TokenKind.Star) tokens.Add(new(TokenKind.Star));
                    break;
                case '?':
                    tokens.Add(new(TokenKind.AnyOne));
                    break;
                case '[':
                    tokens.Add(ReadClass(text, ref at));
                    break;
                case '\\' when at + 1 < text.Length:
                    tokens.Add(new(TokenKind.Literal, text[++at]));
                    break;
                default:
                    tokens.Add(new(TokenKind.Literal, text[at]));
                    break;
            }
        }

        return [.. tokens];
    }

    /// <summary>On entry <paramref name="at"/> is at the bracket, on return at the last character of the class.</summary>
    private static Token ReadClass(string text, ref int at)
    {
        at++;
        var negated = at < text.Length && text[at] == '^';
        if (negated) at++;
        var ranges = ImmutableArray.CreateBuilder<(char From, char To)>();
        for (; at < text.Length && text[at] != ']'; at++)
        {
            var left = text.Length - at;
            if (left >= 2 && text[at] == '\\')
            {
                at++;
                ranges.Add((text[at], text[at]));
            }
            else if (left >= 3 && text[at + 1] == '-')
            {
                var (from, to) = (text[at], text[at + 2]);
                ranges.Add(from <= to ? (from, to) : (to, from));
                at += 2;
            }
            else
            {
                ranges.Add((text[at], text[at]));
            }
        }

        return new(TokenKind.Class, Negated: negated, Ranges: ranges.ToImmutable());
    }
}
