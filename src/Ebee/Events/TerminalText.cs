using System.Globalization;
using System.Text;

namespace Ebee.Events;

/// <summary>Makes text that another process chose harmless to print.</summary>
public static class TerminalText
{
    /// <summary>
    /// The text with everything that a terminal would obey, and everything that nobody sees, made visible: control characters,
    /// line breaks, marks that turn the direction of writing, spaces other than the common one, characters without a shape, and what
    /// Unicode has not assigned become \n, \t, \e, \xNN or \uNNNN, a code for each UTF-16 unit.
    /// </summary>
    /// <param name="text">The raw text; null is shown as nothing.</param>
    public static string Escape(string? text) => Escape(text, "");

    /// <summary>The same for text of several lines: line feeds and tabs stay.</summary>
    /// <param name="text">The raw text; null is shown as nothing.</param>
    public static string EscapeLines(string? text) => Escape(text, "\n\t");

    private static string Escape(string? text, string kept)
    {
        int first = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (first < 0)
        {
            return text ?? "";
        }
        StringBuilder? escaped = null; // most text that is not ASCII is harmless
        for (int i = first, length; i < text!.Length; i += length)
        {
            ReadOnlySpan<char> rest = text.AsSpan(i);
            bool isHarmless = Rune.DecodeFromUtf16(rest, out Rune rune, out length) == System.Buffers.OperationStatus.Done && IsSeen(rune, kept);
            if (isHarmless)
            {
                escaped?.Append(rest[..length]);
                continue;
            }
            escaped ??= new StringBuilder(text, 0, i, text.Length + 16);
            foreach (char c in rest[..length])
            {
                Append(escaped, c);
            }
        }
        return escaped?.ToString() ?? text;
    }

    private static void Append(StringBuilder escaped, char c) => _ = c switch
    {
        '\n' => escaped.Append("\\n"),
        '\r' => escaped.Append("\\r"),
        '\t' => escaped.Append("\\t"),
        '\e' => escaped.Append("\\e"),
        < '\u0100' => escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
        _ => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
    };

    private static bool IsSeen(Rune rune, string kept) => rune.Value is >= ' ' and <= '~' || rune.IsBmp && kept.Contains((char)rune.Value)
        || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned)
        && !IsBlank(rune.Value);

    // Letters, marks and symbols by category, and nothing to see: what Unicode lists as ignorable (Default_Ignorable_Code_Point), and
    // those that are blank.
    private static bool IsBlank(int value) => value is 0x034f or 0x115f or 0x1160 or 0x17b4 or 0x17b5 or (>= 0x180b and <= 0x180f) or 0x2800 or 0x3164
        or (>= 0xfe00 and <= 0xfe0f) or 0xffa0 or 0x16fe4 or 0x1d159 or (>= 0xe0100 and <= 0xe01ef);
}
