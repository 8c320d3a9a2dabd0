using Ebee.Host;

namespace Ebee.Tests.Unit;

public sealed class TracepointTests
{
    private const string Format = "name: sched_switch\nID: 372\nformat:\n" +
        "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n" +
        "\tfield:char prev_comm[16];\toffset:8;\tsize:16;\tsigned:0;\n" +
        "\tfield:const char *const * argv;\toffset:24;\tsize:8;\tsigned:0;\n" +
        "\tfield:long prev_state;\toffset:32;\tsize:8;\tsigned:1;\n\n" +
        "print fmt: \"a=%s b=%d\", REC->a, REC->b\n";

    [Fact]
    public void A_format_file_is_read_whole()
    {
        EbpfTracepoint t = Tracepoints.Parse("sched", "sched_switch", Format);
        Assert.Equal(("sched", "sched_switch", 372, "\"a=%s b=%d\", REC->a, REC->b"), (t.Category, t.Name, t.Id, t.Format));
        Assert.Equal(
            [("common_type", "unsigned short", 0, 2, false), ("prev_comm", "char[16]", 8, 16, false),
                ("argv", "const char *const *", 24, 8, false), ("prev_state", "long", 32, 8, true)],
            t.Fields.Select(f => (f.Name, f.CType, f.Offset, f.SizeBytes, f.IsSigned)));
    }

    [Theory]
    [InlineData("int x", "x", "int")]
    [InlineData("__data_loc char[] name", "name", "__data_loc char[]")]
    [InlineData("char comm[16]", "comm", "char[16]")]
    [InlineData("u8 a[2][3]", "a", "u8[2][3]")]
    [InlineData("char buf[]", "buf", "char[]")]
    [InlineData("u8 addr[sizeof(struct in6_addr)]", "addr", "u8[sizeof(struct in6_addr)]")]
    [InlineData("void *ptr", "ptr", "void *")]
    [InlineData("int", "", "int")]
    [InlineData("", "", "")]
    [InlineData("]", "", "]")]
    public void A_declaration_is_a_name_and_a_type(string text, string name, string type) =>
        Assert.Equal((name, type), Tracepoints.Declaration(text));

    [Theory]
    [InlineData("")]
    [InlineData("ID:")]
    [InlineData("ID: x")]
    [InlineData("ID: -1")]
    [InlineData("ID: 1\n\tfield:int x;\n")]
    [InlineData("ID: 1\n\tfield:int x;\toffset:y;\n")]
    [InlineData("ID: 1\n\tfield:int x;\toffset:0;\tsize;\n")]
    public void What_is_no_format_file_is_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => Tracepoints.Parse("a", "b", text));

    [Fact]
    public void Mutated_format_files_are_read_or_refused()
    {
        Random random = new(7);
        for (int i = 0; i < 50_000; i++)
        {
            char[] text = Format.ToCharArray();
            for (int n = random.Next(1, 6); n > 0; n--)
            {
                text[random.Next(text.Length)] = random.Next(3) == 0 ? (char)random.Next(0x250) : "\n\t;:[] field"[random.Next(12)];
            }
            try
            {
                _ = Tracepoints.Parse("a", "b", new string(text, 0, random.Next(text.Length + 1)));
            }
            catch (InvalidDataException)
            {
                // refused
            }
        }
    }

    [Fact]
    public void Names_are_sorted_and_each_once() =>
        Assert.Equal(["a:b", "a:c", "m:e"], Tracepoints.Names("m:e:mod:ext4\na:c\na:b\nnone\n:x\ny:\na:b\n", sort: true));

    [Fact]
    public void An_unknown_name_gets_the_nearest()
    {
        EbpfException e = Tracepoints.NotFound("sched:sched_swich", ["sched:sched_switch", "syscalls:sys_enter_read", "sched:sched_waking"]);
        Assert.Equal("EbpfTracepointNotFound", e.ErrorId);
        Assert.Contains("nearest are sched:sched_switch, sched:sched_waking", e.RecommendedAction, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nodev /sys/kernel/tracing tracefs rw 0 0\n", "/sys/kernel/tracing")]
    [InlineData("proc /proc proc rw 0 0\nd /sys/kernel/debug debugfs rw 0 0\nt /a\\040b\\134 tracefs rw 0 0", "/a b\\,/sys/kernel/debug/tracing")]
    [InlineData("", "")]
    [InlineData("x\ny z\n", "")]
    [InlineData("t /a\\04 tracefs", "/a\\04")]
    public void Places_are_read_from_the_table_of_mounts(string mounts, string places) =>
        Assert.Equal(places, string.Join(',', Tracefs.Places(MountTable.Parse(mounts))));
}
