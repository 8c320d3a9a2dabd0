namespace Ebee.Tests.Fuzz;

/// <summary>Damages text: numbers, pieces, lines, and characters that a parser may not expect.</summary>
internal sealed class TextMutator(string[] originals)
{
    private const int Longest = 1 << 17; // characters

    private static readonly string[] Numbers =
    [
        "0", "-1", "1", "00", "-0", "+1", "127", "128", "255", "256", "65535", "65536", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295",
        "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615", "18446744073709551616",
        "99999999999999999999999999999999999999999999", "0x7fffffffffffffff", "0xffffffffffffffffff", "1e999", "1.5", ".", "\u0663\u0664", "\u00b2", "NaN", "",
    ];

    private static readonly string[] Pieces =
    [
        "\0", "\n", "\r\n", "\r", "\t", " ", "   ", "\u001b[31m", "\u007f", "\u0085", "\u00a0", "\u00e5", "\u2028", "\u202e", "\ufeff", "\ufffd", "\ud83d\ude00", "\ud83d",
        "\ude00", "\udb40\udc01", "\u3164", "'", "\"", "`", "\\", "/", "//", "/*", "*/", "{", "}", "(", ")", "[", "]", "<", ">", ":", "::", ";", ",", ".", "..", "=", "@", "#", "%", "$", "-", "+", "*", "|",
    ];

    /// <summary>A damaged copy of one of the originals.</summary>
    public string Mutate(Random random)
    {
        string text = originals[random.Next(originals.Length)];
        for (int left = 1 + random.Next(4); left > 0; left--)
        {
            text = Step(random, text);
        }
        return text.Length <= Longest ? text : text[..Longest];
    }

    private string Step(Random random, string text)
    {
        int start = random.Next(text.Length + 1), end = start + random.Next(Math.Min(text.Length - start, random.Next(4) == 0 ? text.Length : 16) + 1);
        string head = text[..start], piece = text[start..end], tail = text[end..];
        switch (random.Next(12))
        {
            case 0 or 1 or 2:
                return ChangeNumber(random, text);
            case 3:
                return head + tail;
            case 4:
                return head + piece + piece + tail;
            case 5 or 6:
                return head + Pieces[random.Next(Pieces.Length)] + (random.Next(2) == 0 ? piece : "") + tail;
            case 7:
                return head + (char)random.Next(' ', 0x7f) + (piece.Length > 0 ? piece[1..] : "") + tail;
            case 8:
                string[] lines = text.Split('\n');
                int first = random.Next(lines.Length), second = random.Next(lines.Length);
                (lines[first], lines[second]) = (lines[second], lines[first]);
                return string.Join('\n', lines);
            case 9:
                string other = originals[random.Next(originals.Length)];
                return head + other[random.Next(other.Length + 1)..];
            case 10 when random.Next(16) == 0: // nested, or long
                piece = piece.Length > 0 ? piece : Pieces[random.Next(Pieces.Length)];
                return head + string.Concat(Enumerable.Repeat(piece, random.Next(2, Math.Min(50_000, Longest / piece.Length + 3)))) + tail;
            case 11 when random.Next(8) == 0:
                return random.Next(2) == 0 ? "" : head;
            default:
                return head + piece.ToUpperInvariant() + tail;
        }
    }

    // One of the numbers becomes one that is often too large, too small, or none.
    private static string ChangeNumber(Random random, string text)
    {
        int from = random.Next(text.Length + 1), start = text.AsSpan(from).IndexOfAnyInRange('0', '9');
        start = start < 0 ? text.AsSpan().IndexOfAnyInRange('0', '9') : from + start;
        if (start < 0)
        {
            return text;
        }
        int length = text.AsSpan(start).IndexOfAnyExceptInRange('0', '9');
        length = length < 0 ? text.Length - start : length;
        return text[..start] + Numbers[random.Next(Numbers.Length)] + text[(start + length)..];
    }
}
