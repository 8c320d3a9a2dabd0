using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Ebee.Events;

namespace Ebee.Tests.Unit;

public sealed class TerminalTextTests
{
    [Theory]
    [InlineData("\e[31mred", @"\e[31mred")]
    [InlineData("a\nb", @"a\nb")]
    [InlineData("a\rb", @"a\rb")]
    [InlineData("a\tb", @"a\tb")]
    [InlineData("\u0001", @"\x01")]
    [InlineData("\0", @"\x00")]
    [InlineData("\a\b", @"\x07\x08")]
    [InlineData("\u007f", @"\x7f")]
    [InlineData("\u009b31m", @"\x9b31m")] // C1: CSI in one character
    [InlineData("\u0085", @"\x85")]
    [InlineData("\u00ad", @"\xad")]       // a soft hyphen is not seen
    [InlineData("\u202egpj.exe", @"\u202egpj.exe")]
    [InlineData("\u2066a\u2069", @"\u2066a\u2069")]
    [InlineData("a\u200bb", @"a\u200bb")]
    [InlineData("\u2028\u2029", @"\u2028\u2029")]
    [InlineData("\ufeff", @"\ufeff")]
    [InlineData("\ue000", @"\ue000")]     // private use: a terminal's font decides
    [InlineData("a\u2800b\u3164\u115f", @"a\u2800b\u3164\u115f")] // a blank pattern of Braille, fillers of Hangul
    [InlineData("rm\u00a0x\u2003y\u3000", @"rm\xa0x\u2003y\u3000")] // other spaces
    [InlineData("a\ufe0fb\U000e0101", @"a\ufe0fb\udb40\udd01")] // selectors of variants
    [InlineData("a\u034fb", @"a\u034fb")]
    [InlineData("\u0378\uffff", @"\u0378\uffff")] // not assigned
    [InlineData("ok\e", @"ok\e")]
    public void What_a_terminal_would_obey_or_hide_is_made_visible(string text, string escaped) =>
        Assert.Equal(escaped, TerminalText.Escape(text));

    [Fact]
    public void Lines_and_tabs_stay_where_they_are_asked_for() =>
        Assert.Equal("a\n\tb\\e[31m\\r\n", TerminalText.EscapeLines("a\n\tb\e[31m\r\n"));

    [Theory]
    [InlineData('\ud83d', "")]
    [InlineData('\udc00', "")]
    [InlineData('\ud83d', "x")]
    [InlineData('\ud83d', "\ud83d\ude00")] // a lone one before a pair
    public void A_lone_surrogate_is_made_visible(char lone, string behind) =>
        Assert.Equal($@"\u{(int)lone:x4}{behind}", TerminalText.Escape(lone + behind));

    [Theory]
    [InlineData("")]
    [InlineData("plain text 123 ~!@#$%^&*()_+")]
    [InlineData("Grüße, naïve café, Ærø")]
    [InlineData("日本語 한국어 Ελληνικά русский עברית العربية")]
    [InlineData("🦊🎉👍🏽")]
    [InlineData("e\u0301")] // a combining mark
    [InlineData("\ufffd")]  // stands for what is not UTF-8
    [InlineData("back\\slash")]
    public void Plain_text_stays(string text) => Assert.Same(text, TerminalText.Escape(text));

    [Fact]
    public void Null_is_shown_as_nothing() => Assert.Equal("", TerminalText.Escape(null));

    [Fact]
    public void Nothing_harmful_is_left_of_any_character()
    {
        List<int> harmful = [.. Enumerable.Range(0, 32), 0x7f, .. Enumerable.Range(0x80, 32), 0x61c, .. Enumerable.Range(0x200b, 5), 0x2028, 0x2029,
            .. Enumerable.Range(0x202a, 5), .. Enumerable.Range(0x2060, 5), .. Enumerable.Range(0x2066, 4), 0xfeff,
            .. Enumerable.Range(0xfff9, 3), 0xe0001, .. Enumerable.Range(0xe0020, 96)];
        foreach (int code in harmful)
        {
            string raw = char.ConvertFromUtf32(code);
            string escaped = TerminalText.Escape("a" + raw + "b");
            Assert.DoesNotContain(raw, escaped, StringComparison.Ordinal);
            Assert.StartsWith("a\\", escaped, StringComparison.Ordinal);
            Assert.EndsWith("b", escaped, StringComparison.Ordinal);
            Assert.All(escaped, c => Assert.InRange(c, ' ', '~'));
        }
    }

    [Fact]
    public void What_is_random_becomes_harmless_and_stays_so()
    {
        Random random = new(20260728);
        for (int i = 0; i < 20000; i++)
        {
            char[] text = new char[random.Next(1, 20)];
            for (int j = 0; j < text.Length; j++)
            {
                text[j] = (char)(random.Next(2) == 0 ? random.Next(0x3000) : random.Next(0x10000));
            }
            string escaped = TerminalText.Escape(new string(text));
            Assert.DoesNotContain(escaped, char.IsControl);
            Assert.Same(escaped, TerminalText.Escape(escaped));
        }
    }

    // A code point is shown as it is if it is a letter, mark, number, punctuation or symbol that has a shape. The ignorable ones are
    // Unicode's Default_Ignorable_Code_Point as far as they have such a category; the last four are blank.
    private const string Shown = @"^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$";
    private static readonly (int From, int To)[] Shapeless =
    [
        (0x34f, 0x34f), (0x115f, 0x1160), (0x17b4, 0x17b5), (0x180b, 0x180d), (0x180f, 0x180f), (0x3164, 0x3164), (0xfe00, 0xfe0f), (0xffa0, 0xffa0),
        (0xe0100, 0xe01ef), (0x2800, 0x2800), (0x16fe4, 0x16fe4), (0x1d159, 0x1d159),
    ];

    private static bool IsShown(Rune rune) => !Shapeless.Any(range => rune.Value >= range.From && rune.Value <= range.To)
        && (rune.IsBmp ? Regex.IsMatch(rune.ToString(), Shown)
            : Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.OtherNumber or (>= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherSymbol));

    private static string Codes(string text) => string.Concat(text.Select(c => c switch
    {
        '\n' => @"\n",
        '\r' => @"\r",
        '\t' => @"\t",
        '\e' => @"\e",
        < '\u0100' => $@"\x{(int)c:x2}",
        _ => $@"\u{(int)c:x4}",
    }));

    [Fact]
    public void Every_code_point_is_shown_as_the_specification_says()
    {
        for (int value = 0; value <= 0x10ffff; value++)
        {
            if (Rune.TryCreate(value, out Rune rune))
            {
                string text = rune.ToString(), expected = IsShown(rune) ? text : Codes(text);
                if (TerminalText.Escape(text) != expected)
                {
                    Assert.Fail($"U+{value:x4} is shown as {Codes(TerminalText.Escape(text))}");
                }
            }
        }
    }

    [Fact]
    public void Random_text_of_all_categories_is_shown_as_the_specification_says()
    {
        Random random = new(20261126);
        Rune[][] byCategory = [.. Enumerable.Range(0, 0x110000).Where(Rune.IsValid).Select(value => new Rune(value))
            .GroupBy(Rune.GetUnicodeCategory).Select(group => group.ToArray())];
        for (int i = 0; i < 20_000; i++)
        {
            StringBuilder text = new(), expected = new();
            for (int left = random.Next(1, 12); left > 0; left--)
            {
                Rune[] category = byCategory[random.Next(byCategory.Length)];
                Rune rune = category[random.Next(category.Length)];
                text.Append(rune);
                expected.Append(IsShown(rune) ? rune.ToString() : Codes(rune.ToString()));
                if (random.Next(8) == 0)
                {
                    // One that is alone: a high one before anything but a low one, a low one after what is whole.
                    string lone = left > 1 && random.Next(2) == 0 ? "\ud83dx" : "\ude00";
                    text.Append(lone);
                    expected.Append(Codes(lone[..1])).Append(lone[1..]);
                }
            }
            Assert.Equal(expected.ToString(), TerminalText.Escape(text.ToString()));
        }
    }
}
