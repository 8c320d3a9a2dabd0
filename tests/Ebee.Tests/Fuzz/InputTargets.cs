using System.Globalization;
using System.Text;
using Ebee.Btf;
using Ebee.Events;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Programs.Attaching;

namespace Ebee.Tests.Fuzz;

/// <summary>What users type, and what is written for terminals and shells.</summary>
internal static class InputTargets
{
    private static readonly string[] Declarations =
    [
        "struct event { int pid; u64 time; char comm[16]; }", "typedef unsigned int id_t; enum kind { A = 1, B = -2, C }; struct e { id_t id : 5; enum kind kind; union { u8 a[2][3]; __be32 saddr; }; };",
        "struct inner { double d; _Bool yes; } __attribute__((packed, aligned(8))); /* what follows */ struct outer { struct inner *next, all[0x2]; // line\n long long : 0; const char *text; }", "u32", "unsigned char[16]",
    ];

    private static readonly string[] Durations = ["500ms", "10s", "5m", "1h", "2d", "00:05:00", "1.5", "1.02:03:04.5"];

    private static readonly string[] Values = ["1", "-128", "0xff", "10.0.0.0/8", "fe80::1/64", "127.0.0.1", "1.5e3", "true", "text"];

    private static readonly string[] Texts = ["plain", "a\u001b[31mred\u001b[0m", "\u202etxt.exe", "line\nbreak\ttab", "\ud83d\ude00 \u00e5", "\udb40\udc01\u200b"];

    private static readonly BtfCodec[] Codecs =
    [
        new IntegerCodec(1, true, false, "s8"), new IntegerCodec(4, false, true, "__be32"), new IntegerCodec(16, true, false, "s128"), new FloatCodec(4, "float"), new BooleanCodec(1, "_Bool"),
        new AddressCodec(AddressCodec.V4, "in_addr"), new AddressCodec(AddressCodec.V6, "in6_addr"), new PointerCodec("void *"), new TextCodec(8, false), new BytesCodec(4, "bytes"),
        new PrefixCodec(BtfCodec.Raw(8)), new PrefixCodec(BtfCodec.Raw(20)),
    ];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.Text("C declarations", Declarations, Declare, typeof(EbpfException)),
        FuzzTarget.Text("event types", Declarations, text => _ = RecordTypes.Find("map", false, [], [], new EventOptions { EventType = text }), typeof(EbpfException)) with { MostInputs = 20_000 },
        FuzzTarget.Text("durations", Durations, ReadDuration, typeof(EbpfException)),
        FuzzTarget.Text("values", Values, Encode),
        FuzzTarget.Text("offsets", ["do_unlinkat+0x10", "do_unlinkat+16", "a + 0"], text => Assert.NotNull(KprobeKind.SplitOffset(text).Name), typeof(EbpfException)),
        FuzzTarget.Text("nearest names", ["sched_switch", "do_unlinkat", "x"], text => Assert.InRange(NearestNames.Of(text, ["sched_switch", "do_unlink", "", "y", text]).Length, text.Length > 1024 ? 0 : 1, 3)),
        FuzzTarget.Text("terminal text", Texts, Escape),
        FuzzTarget.Text("shell quoting", ["ls -l", "it's", "a=b", "if", "$(x) `y` \\"], text => Assert.Equal(text.Split(' '), Unquote(ShellQuoting.Join(text.Split(' '))))),
    ];

    // It becomes BTF that can be written and read, of the size that the text has.
    private static void Declare(string text)
    {
        const int LongestName = 4096; // that BTF may have
        (BtfBlob types, int id) = CDeclaration.Parse(text);
        if (types.Types.Any(type => type.Name.Length > LongestName || type.Members.Any(m => m.Name.Length > LongestName) || type.Values.Any(v => v.Name.Length > LongestName)))
        {
            return;
        }
        BtfBlob read = BtfBlob.Parse(BtfWriter.Write(types.Types)).CheckReferences();
        Assert.Equal(types.Types.Count, read.Types.Count);
        Assert.Equal(types.Resolve(id).Size, read.Resolve(id).Size);
    }

    private static void ReadDuration(string text)
    {
        TimeSpan duration = Duration.Parse(text);
        Assert.True(duration >= TimeSpan.Zero);
        Assert.Equal(duration, Duration.Parse(duration.ToString("c", CultureInfo.InvariantCulture)));
    }

    // What is taken is read as something that is taken again, and is the same.
    private static void Encode(string text)
    {
        byte[] bytes = new byte[32], again = new byte[32];
        foreach (BtfCodec codec in Codecs)
        {
            try
            {
                codec.Encode(text, bytes);
            }
            catch (EbpfException e)
            {
                Assert.Equal(EbpfError.InvalidValue, e.Error);
                continue;
            }
            object value = codec.Decode(bytes);
            codec.Encode(value, again);
            Assert.Equal(value, codec.Decode(again));
        }
    }

    private static void Escape(string text)
    {
        string escaped = TerminalText.Escape(text);
        foreach (Rune rune in escaped.EnumerateRunes())
        {
            Assert.False(Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate, $"U+{rune.Value:x4} was left.");
        }
        _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(escaped); // no half of a character
        Assert.Equal(escaped, TerminalText.Escape(escaped));
    }

    // As a shell reads words: plain, or in single quotation marks, with \' between.
    private static string[] Unquote(string line)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool isQuoted = false;
        for (int i = 0; i < line.Length; i++)
        {
            if (line[i] == '\'')
            {
                isQuoted = !isQuoted;
            }
            else if (!isQuoted && line[i] == ' ')
            {
                words.Add(word.ToString());
                word.Clear();
            }
            else
            {
                Assert.True(isQuoted || line[i] is '\\' || char.IsAsciiLetterOrDigit(line[i]) || "_@%+=:,./-".Contains(line[i]), $"'{line[i]}' is not quoted.");
                i += !isQuoted && line[i] == '\\' ? 1 : 0;
                word.Append(line[i]);
            }
        }
        return [.. words, word.ToString()];
    }
}
