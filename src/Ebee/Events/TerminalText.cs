using System.Globalization;
using System.Text;

namespace Ebee.Events;

/// <summary>Makes text that another process chose harmless to print.</summary>
public static class TerminalText
{
    /// <summary>
    /// The text with everything that a terminal would obey or hide made visible: control characters, line breaks,
    /// marks that turn the direction of writing, and lone surrogates become \n, \t, \e, \xNN or \uNNNN.
    /// </summary>
    /// <param name="text">The raw text; null is shown as nothing.</param>
    public static string Escape(string? text) => Escape(text, "");

    /// <summary>The same for text of several lines: line feeds and tabs stay.</summary>
    /// <param name="text">The raw text; null is shown as nothing.</param>
    public static string EscapeLines(string? text) => Escape(text, "\n\t");

    private static string Escape(string? text, string kept)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }
        int first = 0;
        while (first < text.Length && !IsHarmful(text, first, kept))
        {
            first++;
        }
        if (first == text.Length)
        {
            return text;
        }
        StringBuilder escaped = new(text, 0, first, text.Length + 16);
        for (int i = first; i < text.Length; i++)
        {
            char c = text[i];
            if (!IsHarmful(text, i, kept))
            {
                escaped.Append(c);
                continue;
            }
            _ = c switch
            {
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                '\e' => escaped.Append("\\e"),
                < '\u0100' => escaped.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
            };
        }
        return escaped.ToString();
    }

    private static bool IsHarmful(string text, int index, string kept)
    {
        char c = text[index];
        if (c is >= ' ' and < '\u007f' || kept.Contains(c))
        {
            return false;
        }
        if (char.IsSurrogate(c))
        {
            bool paired = char.IsHighSurrogate(c)
                ? index + 1 < text.Length && char.IsLowSurrogate(text[index + 1])
                : index > 0 && char.IsHighSurrogate(text[index - 1]);
            int pair = char.IsHighSurrogate(c) ? index : index - 1;
            // Tags (U+E0000 to U+E007F) and other formats, and what only its maker can read.
            return !paired || text[pair] == '\udb40'
                || CharUnicodeInfo.GetUnicodeCategory(text, pair) is UnicodeCategory.Format or UnicodeCategory.PrivateUse;
        }
        return c is '\u3164' or '\u115f' or '\u1160' or '\uffa0' // letters that show nothing
            || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse;
    }
}
