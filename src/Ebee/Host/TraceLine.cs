using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Ebee.Host;

/// <summary>
/// Reads entries as the kernel's trace_pipe writes them (kernel/trace/trace_output.c): a line each, in which names and texts
/// may hold line breaks.
/// </summary>
internal static class TraceLine
{
    private static readonly SearchValues<byte> StampCharacters = SearchValues.Create("0123456789."u8);

    private const int NameWidth = 16; // a comm is at most 15 bytes, and is filled up with spaces before it

    /// <summary>
    /// Reads an entry. Its first line may say how many were overwritten before it: what stands so in a name or in a text is not
    /// taken for that.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="clock">Turns its stamp into a time.</param>
    /// <param name="isWhole">Whether it surely begins where it seems to; else it is a text of which nothing is known.</param>
    /// <param name="lost">How many were overwritten.</param>
    /// <returns>The message; null when it is empty.</returns>
    public static EbpfTraceMessage? Parse(ReadOnlySpan<byte> entry, in TraceClock clock, bool isWhole, out long lost)
    {
        lost = 0;
        entry = entry.TrimEnd((byte)'\n');
        if (entry.IsEmpty)
        {
            return null;
        }
        int end = entry.IndexOf((byte)'\n');
        if (isWhole && end >= 0 && TryParseLoss(entry[..end], out long count)
            && Parse(entry[(end + 1)..], clock) is { Recognized: true } message)
        {
            lost = count;
            return message;
        }
        return isWhole ? Parse(entry, clock) : Whole(entry);
    }

    /// <summary>
    /// Reads "            name-123     [001] ...1.  5121.905184: source: text". The name's width is fixed, so it may hold what it
    /// will. What is of another form becomes a message that is all of it.
    /// </summary>
    /// <param name="line">The entry, without the end of its line.</param>
    /// <param name="clock">Turns its stamp into a time.</param>
    public static EbpfTraceMessage Parse(ReadOnlySpan<byte> line, in TraceClock clock)
    {
        if (line.Length <= NameWidth || line[NameWidth] != '-')
        {
            return Whole(line);
        }
        ReadOnlySpan<byte> rest = line[(NameWidth + 1)..];
        if (!TakeNumber(ref rest, out int thread))
        {
            return Whole(line);
        }
        int process = thread;
        if (TakeBetween(ref rest, (byte)'(', (byte)')', out ReadOnlySpan<byte> group))
        {
            // Dashes when it was not recorded.
            if (Utf8Parser.TryParse(group, out int recorded, out int read) && read == group.Length && recorded >= 0)
            {
                process = recorded;
            }
        }
        if (!TakeBetween(ref rest, (byte)'[', (byte)']', out ReadOnlySpan<byte> processor)
            || !Utf8Parser.TryParse(processor, out int cpu, out int used) || used != processor.Length || cpu < 0)
        {
            return Whole(line);
        }
        ReadOnlySpan<byte> word = TakeWord(ref rest);
        string flags = "";
        if (!IsStamp(word))
        {
            flags = Text(word);
            word = TakeWord(ref rest);
            if (!IsStamp(word))
            {
                return Whole(line);
            }
        }
        word = word[..^1];
        double stamp = double.Parse(word, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        rest = rest.Length > 0 ? rest[1..] : rest;
        ReadOnlySpan<byte> source = default;
        int colon = rest.IndexOf(": "u8);
        if (colon > 0 && rest[..colon].IndexOfAny((byte)' ', (byte)'\n') < 0)
        {
            source = rest[..colon];
            rest = rest[(colon + 2)..];
        }
        else if (rest.Length > 1 && rest[^1] == ':' && rest.IndexOfAny((byte)' ', (byte)'\n') < 0)
        {
            source = rest[..^1];
            rest = default;
        }
        return new EbpfTraceMessage(word.Contains((byte)'.') ? clock.ToTime(stamp) : null, stamp, Text(line[..NameWidth].TrimStart((byte)' ')),
            thread, process, cpu, flags, Text(source), Text(rest), recognized: true);
    }

    /// <summary>Reads "CPU:1 [LOST 5265 EVENTS]", which the kernel writes when it overwrote what nobody had read.</summary>
    public static bool TryParseLoss(ReadOnlySpan<byte> line, out long count)
    {
        count = 0;
        if (!line.StartsWith("CPU:"u8) || !line.EndsWith(" EVENTS]"u8))
        {
            // When it did not count them it says so, with one space less.
            return line.StartsWith("CPU:"u8) && line.EndsWith(" [LOST EVENTS]"u8) && (count = 1) == 1;
        }
        int start = line.IndexOf(" [LOST "u8);
        if (start < 0)
        {
            return false;
        }
        ReadOnlySpan<byte> number = start + 7 <= line.Length - 8 ? line[(start + 7)..^8] : default;
        if (number.IsEmpty)
        {
            count = 1;
            return true;
        }
        return Utf8Parser.TryParse(number, out count, out int used) && used == number.Length && count > 0;
    }

    private static EbpfTraceMessage Whole(ReadOnlySpan<byte> line) => new(null, null, "", 0, 0, -1, "", "", Text(line), recognized: false);

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static bool TakeNumber(ref ReadOnlySpan<byte> rest, out int number)
    {
        if (!Utf8Parser.TryParse(rest, out number, out int used) || number < 0 || used == rest.Length || rest[used] != ' ')
        {
            return false;
        }
        rest = rest[used..];
        return true;
    }

    private static bool TakeBetween(scoped ref ReadOnlySpan<byte> rest, byte open, byte close, out ReadOnlySpan<byte> inner)
    {
        inner = default;
        ReadOnlySpan<byte> text = rest.TrimStart((byte)' ');
        int end = text.IndexOf(close);
        if (text.IsEmpty || text[0] != open || end < 0)
        {
            return false;
        }
        inner = text[1..end].Trim((byte)' ');
        rest = text[(end + 1)..];
        return true;
    }

    private static ReadOnlySpan<byte> TakeWord(scoped ref ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> text = rest.TrimStart((byte)' ');
        int end = text.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = end < 0 ? text : text[..end];
        rest = text[word.Length..];
        return word;
    }

    // 5121.905184: or, of a clock that counts something else, 4711:
    private static bool IsStamp(ReadOnlySpan<byte> word) => word.Length is > 1 and < 40 && word[^1] == ':' && char.IsAsciiDigit((char)word[0])
        && !word[..^1].ContainsAnyExcept(StampCharacters) && word.Count((byte)'.') <= 1;
}
