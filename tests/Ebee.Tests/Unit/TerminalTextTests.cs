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
}
