using System.Collections.Immutable;
using System.Text;

namespace CacheProxy.Engine.Invalidation;

/// <summary>
/// A pattern in Redis' glob language: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[^abc]</c>, <c>[a-c]</c>, and <c>\</c> before a character that is
/// to be itself. It decides exactly as Redis does for names that are not empty, oddities included (an unclosed class ends with the pattern,
/// <c>[]</c> matches nothing), but never recursively: the time is at most the product of both lengths, whatever the pattern
/// (Redis: CVE-2022-36021, CVE-2024-31228). A character is a UTF-16 code unit; the names of this cache are ASCII.
/// </summary>
public sealed class GlobPattern
{
    private readonly Token[] _tokens;

    private GlobPattern(string text, Token[] tokens)
    {
        Text = text;
        _tokens = tokens;
        LiteralPrefix = PrefixOf(tokens);
    }

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    /// <summary>What every match begins with: all that a store's own scan needs to be told, so that no user's pattern ever reaches it.</summary>
    public string LiteralPrefix { get; }

    /// <summary>Whether it matches every name.</summary>
    public bool MatchesEverything => _tokens is [{ Kind: TokenKind.Star }];

    /// <summary>Compiles a pattern; every text is one.</summary>
    public static GlobPattern Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(text, GlobCompiler.Compile(text));
    }

    /// <summary>Whether the whole name matches.</summary>
    public bool IsMatch(ReadOnlySpan<char> name)
    {
        // Every token but a star takes exactly one character, so only the last star ever needs to be tried again.
        int at = 0, token = 0, lastStar = -1, retryFrom = 0;
        while (at < name.Length)
        {
            if (token < _tokens.Length && _tokens[token].Kind == TokenKind.Star)
            {
                lastStar = token++;
                retryFrom = at;
            }
            else if (token < _tokens.Length && _tokens[token].Takes(name[at]))
            {
                token++;
                at++;
            }
            else if (lastStar >= 0)
            {
                token = lastStar + 1;
                at = ++retryFrom;
            }
            else
            {
                return false;
            }
        }

        while (token < _tokens.Length && _tokens[token].Kind == TokenKind.Star) token++;
        return token == _tokens.Length;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static string PrefixOf(Token[] tokens)
    {
        var prefix = new StringBuilder();
        foreach (var token in tokens)
        {
            if (token.Kind != TokenKind.Literal) break;
            prefix.Append(token.Character);
        }

        return prefix.ToString();
    }

    internal enum TokenKind
    {
        Literal,
        AnyOne,
        Class,
        Star,
    }

    internal readonly record struct Token(TokenKind Kind, char Character = '\0', bool Negated = false, ImmutableArray<(char From, char To)> Ranges = default)
    {
        public bool Takes(char character)
        {
            switch (Kind)
            {
                case TokenKind.Literal: return character == Character;
                case TokenKind.AnyOne: return true;
                case TokenKind.Class:
                    foreach (var (from, to) in Ranges)
                        if (character >= from && character <= to) return !Negated;
                    return Negated;
                default: return false;
            }
        }
    }
}
