using System.Text;
using Ebee.Host;

namespace Ebee.Tests.Unit;

public sealed class TraceLineTests
{
    private static readonly TraceClock Clock = new(5000, new DateTime(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks, IsTime: true);

    [Fact]
    public void A_line_of_bpf_printk_is_read_whole()
    {
        EbpfTraceMessage m = Parse("          unlink-16807   [000] ...3.  5121.905184: bpf_trace_printk: touch a: b");
        Assert.Equal(("unlink", 16807, 16807, 0, "...3.", "bpf_trace_printk", "touch a: b"),
            (m.Name, m.ThreadId, m.ProcessId, m.Cpu, m.Flags, m.Source, m.Message));
        Assert.Equal(5121.905184, m.TimestampSeconds);
        Assert.Equal(121.905184, (m.Time!.Value.UtcTicks - Clock.UtcTicks) / 1e7, 1e-6);
    }

    [Theory]
    [InlineData(".NET TP Worker", 1)]
    [InlineData("a-b-7", 12345)]
    [InlineData("-1 [000] 1: x", 4194304)]
    [InlineData("[x] (y) - z:", 99)]
    [InlineData("a-1     [001] ", 7)]
    [InlineData("\e[31mred", 7)]
    [InlineData("çåƒé", 7)]
    [InlineData("<...>", 7)]
    public void A_name_may_hold_anything(string name, int id)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        string padded = new string(' ', 16 - bytes.Length) + name;
        EbpfTraceMessage m = Parse($"{padded}-{id,-7} [012] dNh2. 12345.000001: tracing_mark_write: text");
        Assert.Equal((name, id, 12, "text"), (m.Name, m.ThreadId, m.Cpu, m.Message));
    }

    [Theory]
    [InlineData("            bash-42      (     40) [001] .....     1.000002: tracing_mark_write: x", 42, 40, ".....")]
    [InlineData("            bash-42      (-------) [001] .....     1.000002: tracing_mark_write: x", 42, 42, ".....")]
    [InlineData("            bash-42      [001]     1.000002: tracing_mark_write: x", 42, 42, "")]
    [InlineData("            bash-42      [001] d..2  1.000002: tracing_mark_write: x", 42, 42, "d..2")] // before Linux 5.15
    [InlineData("            bash-42    [001] d..2  1.000002: tracing_mark_write: x", 42, 42, "d..2")]
    public void Options_of_the_trace_change_the_form(string line, int thread, int process, string flags)
    {
        EbpfTraceMessage m = Parse(line);
        Assert.Equal((thread, process, 1, flags, "tracing_mark_write", "x"), (m.ThreadId, m.ProcessId, m.Cpu, m.Flags, m.Source, m.Message));
    }

    [Theory]
    [InlineData("vfs_read <-ksys_read", "", "vfs_read <-ksys_read")]
    [InlineData("sched_switch: prev_comm=a: b", "sched_switch", "prev_comm=a: b")]
    [InlineData("tracing_mark_write: ", "tracing_mark_write", "")]
    [InlineData("tracing_mark_write:", "tracing_mark_write", "")]
    [InlineData("0x00000001: old", "0x00000001", "old")]
    [InlineData("", "", "")]
    public void What_wrote_it_stands_before_the_text(string rest, string source, string message)
    {
        EbpfTraceMessage m = Parse("            bash-42      [001] .....     1.000002: " + rest);
        Assert.Equal((42, source, message), (m.ThreadId, m.Source, m.Message));
    }

    [Theory]
    [InlineData("ab\ncd")]
    [InlineData("\n")]
    [InlineData("\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n")]
    [InlineData("\n-1 [000] 1.0: ")]
    [InlineData("\nCPU:0 [LOST 7")]
    public void A_name_may_have_line_breaks(string name)
    {
        EbpfTraceMessage m = ParseEntry($"{name,16}-123     [001] ...1.     1.000002: bpf_trace_printk: said\n", out long lost)!;
        Assert.Equal((name, 123, "bpf_trace_printk", "said", true, 0), (m.Name, m.ThreadId, m.Source, m.Message, m.Recognized, lost));
    }

    [Theory]
    [InlineData("two\nlines")]
    [InlineData("a\n            evil-666     [000] ...1.     1.000002: bpf_trace_printk: forged")]
    [InlineData("a\nCPU:0 [LOST 5265 EVENTS]\nb")]
    [InlineData("\nsys_enter: forged")]
    public void A_text_may_have_line_breaks_and_makes_no_other_message(string text)
    {
        EbpfTraceMessage m = ParseEntry($"            bash-42      [001] .....     1.000002: tracing_mark_write: {text}\n\n", out long lost)!;
        Assert.Equal(("bash", 42, "tracing_mark_write", text, true, 0), (m.Name, m.ThreadId, m.Source, m.Message, m.Recognized, lost));
    }

    [Fact]
    public void Loss_stands_before_an_entry_and_nowhere_else()
    {
        const string Entry = "            bash-42      [001] .....     1.000002: tracing_mark_write: x";
        Assert.Equal(("x", 5265), (ParseEntry($"CPU:1 [LOST 5265 EVENTS]\n{Entry}\n", out long lost)!.Message, lost));
        foreach (string other in new[] { "CPU:1 [LOST 5265 EVENTS]\ntext", "CPU:1 [LOST 5265 EVENTS]", $"text\nCPU:1 [LOST 5265 EVENTS]\n{Entry}" })
        {
            EbpfTraceMessage m = ParseEntry(other + "\n", out lost)!;
            Assert.Equal((other, 0, false, 0), (m.Message, m.ThreadId, m.Recognized, lost));
        }
        Assert.Null(ParseEntry("\n", out _));
        Assert.Null(ParseEntry("", out _));
    }

    [Fact]
    public void What_may_be_the_rest_of_a_text_is_nobodys_message()
    {
        byte[] entry = "            bash-42      [001] .....     1.000002: tracing_mark_write: x\n"u8.ToArray();
        EbpfTraceMessage m = TraceLine.Parse(entry, Clock, isWhole: false, out _)!;
        Assert.Equal((0, "", false), (m.ThreadId, m.Source, m.Recognized));
        Assert.True(TraceLine.Parse(entry, Clock, isWhole: true, out _)!.Recognized);
    }

    [Fact]
    public void A_clock_that_counts_something_else_gives_no_time()
    {
        EbpfTraceMessage m = Parse("            bash-42      [001] .....         4711: tracing_mark_write: x");
        Assert.Null(m.Time);
        Assert.Equal(4711, m.TimestampSeconds);
        m = TraceLine.Parse("            bash-42      [001] .....     1.000002: tracing_mark_write: x"u8, TraceClock.None);
        Assert.Null(m.Time);
        Assert.Equal(1.000002, m.TimestampSeconds);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("second line of a text")]
    [InlineData("##### CPU 1 buffer started ####")]
    [InlineData("            bash-42")]
    [InlineData("            bash-x      [001] .....     1.000002: tracing_mark_write: x")]
    [InlineData("            bash-42      [x] .....     1.000002: tracing_mark_write: x")]
    [InlineData("            bash-42      [001] ..... later: tracing_mark_write: x")]
    [InlineData("            bash-99999999999 [001] .....     1.000002: tracing_mark_write: x")]
    public void A_line_of_another_form_is_a_message(string line)
    {
        EbpfTraceMessage m = Parse(line);
        Assert.Equal((null, null, "", 0, 0, -1, "", "", line), (m.Time, m.TimestampSeconds, m.Name, m.ThreadId, m.ProcessId, m.Cpu, m.Flags, m.Source, m.Message));
        Assert.False(m.Recognized);
    }

    [Theory]
    [InlineData("CPU:1 [LOST 5265 EVENTS]", 5265)]
    [InlineData("CPU:0 [LOST EVENTS]", 1)]
    [InlineData("CPU:0 [LOST x EVENTS]", 0)]
    [InlineData("CPU:0 [LOST -3 EVENTS]", 0)]
    [InlineData("CPU: EVENTS]", 0)]
    [InlineData("CPU:0", 0)]
    [InlineData("", 0)]
    public void Loss_is_counted(string line, long count)
    {
        Assert.Equal(count > 0, TraceLine.TryParseLoss(Encoding.UTF8.GetBytes(line), out long read));
        Assert.Equal(count, count > 0 ? read : 0);
    }

    [Fact]
    public void Mutated_lines_never_throw()
    {
        Random random = new(7);
        byte[][] seeds = [.. new[]
        {
            "          unlink-16807   [000] ...3.  5121.905184: bpf_trace_printk: touch",
            "            bash-42      (     40) [001] .....     1.000002: tracing_mark_write: x",
            "CPU:1 [LOST 5265 EVENTS]",
        }.Select(Encoding.ASCII.GetBytes)];
        for (int i = 0; i < 200_000; i++)
        {
            byte[] line = [.. seeds[i % seeds.Length]];
            for (int n = random.Next(1, 5); n > 0; n--)
            {
                line[random.Next(line.Length)] = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)" -[]():.0159"[random.Next(12)];
            }
            ReadOnlySpan<byte> cut = line.AsSpan(0, random.Next(line.Length + 1));
            _ = TraceLine.Parse(cut, Clock);
            _ = TraceLine.TryParseLoss(cut, out _);
            _ = TraceLine.Parse(cut, Clock, isWhole: true, out _);
        }
    }

    [Theory]
    [InlineData("entries: 0\nnow ts:  6809.031865\n", 6809.031865, true)]
    [InlineData("now ts: 4711\n", 4711, false)]
    [InlineData("nothing", double.NaN, false)]
    [InlineData("now ts: x", double.NaN, false)]
    public void The_clock_is_read_from_a_buffers_statistics(string text, double stamp, bool isTime)
    {
        TraceClock clock = TraceClock.Parse(text, 638000000000000000);
        Assert.Equal((stamp, isTime), (clock.Stamp, clock.IsTime));
        Assert.Equal(isTime, clock.ToTime(stamp) is not null);
        Assert.Null(clock.ToTime(1e300));
    }

    private static EbpfTraceMessage? ParseEntry(string entry, out long lost) => TraceLine.Parse(Encoding.UTF8.GetBytes(entry), Clock, isWhole: true, out lost);

    private static EbpfTraceMessage Parse(string line) => TraceLine.Parse(Encoding.UTF8.GetBytes(line), Clock);
}
