using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Engine.Http;

/// <summary>
/// Dates of RFC 9110 §5.6.7: IMF-fixdate, and to be read only the obsolete RFC 850 and asctime forms; nothing else. Letters are accepted
/// in any case, the day of the week need not fit the date (origins get it wrong), and a leap second is accepted.
/// </summary>
public static class HttpDate
{
    private static readonly string[] s_months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    private static readonly string[] s_days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

    /// <summary>Reads a date.</summary>
    /// <param name="text">The field's value; white space around it is ignored.</param>
    /// <param name="now">Decides the century of an RFC 850 date: never more than 50 years in the future.</param>
    /// <param name="date">The date, in UTC.</param>
    public static bool TryParse(string? text, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        var span = ListReader.Trim(text);
        var comma = span.IndexOf(',');
        if (comma < 0) return TryParseAsctime(span, out date);
        if (comma == 3) return IsDay(span[..3], shortName: true) && TryParseFixed(span[3..], out date);
        return IsDay(span[..comma], shortName: false) && TryParseRfc850(span[comma..], now, out date);
    }

    /// <summary>Reads a field that may occur once: of several lines the first counts.</summary>
    public static bool TryParse(StringValues lines, DateTimeOffset now, out DateTimeOffset date) =>
        TryParse(lines.Count == 0 ? null : lines[0], now, out date);

    /// <summary>Writes an IMF-fixdate, whole seconds (what is below is dropped).</summary>
    public static string Format(DateTimeOffset date) => date.ToUniversalTime().ToString("r", CultureInfo.InvariantCulture);

    // ", 06 Nov 1994 08:49:37 GMT"
    private static bool TryParseFixed(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        date = default;
        return text.Length == 26 && text.StartsWith(", ") && text[4] == ' ' && text[8] == ' ' && text[13] == ' '
            && IsZone(text[22..]) && TryNumber(text.Slice(2, 2), out var day) && TryMonth(text.Slice(5, 3), out var month)
            && TryNumber(text.Slice(9, 4), out var year) && TryCompose(year, month, day, text.Slice(14, 8), out date);
    }

    // ", 06-Nov-94 08:49:37 GMT"
    private static bool TryParseRfc850(ReadOnlySpan<char> text, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        if (text.Length != 24 || !text.StartsWith(", ") || text[4] != '-' || text[8] != '-' || text[11] != ' '
            || !IsZone(text[20..]) || !TryNumber(text.Slice(2, 2), out var day) || !TryMonth(text.Slice(5, 3), out var month)
            || !TryNumber(text.Slice(9, 2), out var shortYear))
            return false;

        var thisYear = now.ToUniversalTime().Year;
        var year = thisYear - thisYear % 100 + shortYear;
        // RFC 9110 §5.6.7: what appears to be more than 50 years in the future is the most recent past year with these digits.
        if (year > thisYear + 50) year -= 100;
        else if (year + 100 <= thisYear + 50) year += 100;
        return TryCompose(year, month, day, text.Slice(12, 8), out date);
    }

    // "Sun Nov  6 08:49:37 1994"
    private static bool TryParseAsctime(ReadOnlySpan<char> text, out DateTimeOffset date)
    {
        date = default;
        if (text.Length != 24 || !IsDay(text[..3], shortName: true) || text[3] != ' ' || text[7] != ' ' || text[10] != ' ' || text[19] != ' ')
            return false;
        var day = text[8] == ' ' ? text.Slice(9, 1) : text.Slice(8, 2);
        return TryMonth(text.Slice(4, 3), out var month) && TryNumber(day, out var dayOfMonth)
            && TryNumber(text[20..], out var year) && TryCompose(year, month, dayOfMonth, text.Slice(11, 8), out date);
    }

    private static bool TryCompose(int year, int month, int day, ReadOnlySpan<char> time, out DateTimeOffset date)
    {
        date = default;
        if (time[2] != ':' || time[5] != ':' || !TryNumber(time[..2], out var hour) || !TryNumber(time.Slice(3, 2), out var minute)
            || !TryNumber(time[6..], out var second))
            return false;
        if (year is < 1 or > 9999 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60) return false;

        var ticks = new DateTime(year, month, day, hour, minute, 0, DateTimeKind.Utc).Ticks + second * TimeSpan.TicksPerSecond;
        if (ticks > DateTime.MaxValue.Ticks) return false;
        date = new DateTimeOffset(ticks, TimeSpan.Zero);
        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int value)
    {
        var valid = FieldSyntax.TryParseDigits(digits, 9999, out var number);
        value = (int)number;
        return valid;
    }

    private static bool TryMonth(ReadOnlySpan<char> text, out int month)
    {
        for (month = 1; month <= s_months.Length; month++)
            if (FieldSyntax.Is(text, s_months[month - 1])) return true;
        return false;
    }

    private static bool IsDay(ReadOnlySpan<char> text, bool shortName)
    {
        foreach (var day in s_days)
            if (text.Equals(shortName ? day.AsSpan(0, 3) : day, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    private static bool IsZone(ReadOnlySpan<char> text) => FieldSyntax.Is(text, " GMT");
}
