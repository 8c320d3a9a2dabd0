using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Ebee.Btf;
using Ebee.Events;
using Ebee.Programs;
using Ebee.Tests.Support;

namespace Ebee.Tests.Live;

/// <summary>Events of any program, from rings and perf event arrays, against what the test had the program send.</summary>
[Trait("Category", "Live")]
public sealed class EventTests
{
    private const int Batch = 1000; // BATCH_MAX of events.bpf.c

    [LiveTheory]
    [InlineData("to_declared", "declared")]
    [InlineData("to_perf", "perf")]
    public void A_million_arrive_in_order_and_exact(string program, string map)
    {
        int count = Guest.Times(1_000_000);
        using EbpfProbe probe = Start(new() { MapSize = new Dictionary<string, uint> { ["perf"] = 1 << 20 } });
        int next = 0;
        List<(string Name, Type Type)> fields = [];
        Func<object, object>[] get = [];
        while (next < count)
        {
            Send(probe, program, next, Batch, cpu: next / Batch % Environment.ProcessorCount);
            foreach (object e in probe.ReadEvents(Of(map), maxEvents: Batch))
            {
                if (get.Length == 0)
                {
                    Assert.Equal("struct event { sequence = 0, number = 0, kind = KIND_OPEN, text = e0, at = struct point { x = 0, y = 0 }, low = 0, high = 0, cpu = 0 }", $"{e}");
                    get = [.. new[] { "sequence", "number", "kind", "text", "at", "low", "high", "cpu" }.Select(name => e.GetType().GetProperty(name)!)
                        .Select(property => (Func<object, object>)(o => property.GetValue(o)!))];
                }
                // All fields of each would be a minute of reflection.
                if (next % 97 == 0 || next % Batch is 0 or Batch - 1)
                {
                    Assert.Equal((ulong)next, get[0](e));
                    Assert.Equal(-next, get[1](e));
                    Assert.Equal((next & 1) != 0 ? "KIND_CLOSE" : (next & 2) != 0 ? "KIND_OTHER" : "KIND_OPEN", $"{get[2](e)}");
                    Assert.Equal($"e{next % 10}", get[3](e));
                    Assert.Equal($"struct point {{ x = {(short)next}, y = {(byte)(next >> 3)} }}", $"{get[4](e)}");
                    Assert.Equal((uint)next & 7, Convert.ToUInt32(get[5](e), CultureInfo.InvariantCulture));
                    Assert.Equal((uint)(next >> 1) & 0xffffff, Convert.ToUInt32(get[6](e), CultureInfo.InvariantCulture));
                    Assert.Equal((byte)(next / Batch % Environment.ProcessorCount), get[7](e));
                }
                AssertBytes(((EbpfStruct)e).Bytes, next++);
            }
        }
        Assert.Equal(count, probe.EventsRead);
        Assert.Equal(0, probe.PendingBytes);
        Assert.Empty(probe.ReadEvents(Of(map), duration: TimeSpan.Zero));
    }

    [LiveFact]
    public void Cpus_are_merged_by_the_time_of_their_events()
    {
        SkipException.If(Environment.ProcessorCount < 2, "needs two CPUs");
        using EbpfProbe probe = Start();
        for (int i = 0; i < 200; i++)
        {
            Send(probe, "to_perf", i, 1, cpu: i % 2);
        }
        Assert.Equal(Enumerable.Range(0, 200).Select(i => (ulong)i), probe.ReadEvents(Of("perf"), maxEvents: 200).Select(Sequence));
    }

    [LiveTheory]
    [InlineData(4096u)]
    [InlineData(1u << 20)]
    public void What_was_sent_is_seen_or_lost(uint size)
    {
        const int Sent = 20_000;
        using EbpfProbe probe = Start(new() { MapSize = new Dictionary<string, uint> { ["perf"] = size, ["declared"] = size } });
        for (int i = 0; i < Sent; i += Batch)
        {
            Send(probe, "to_perf", i, Batch, cpu: 0);
        }
        long refused = Refused(probe);
        Assert.Equal(refused, LostOf(probe, "perf"));
        ulong[] seen = [.. probe.ReadEvents(Of("perf"), duration: TimeSpan.Zero).Select(Sequence)];
        Assert.Equal(Sent, seen.Length + refused);
        Assert.Equal(Enumerable.Range(0, seen.Length).Select(i => (ulong)i), seen); // those from before it was full
        Assert.InRange(refused, size == 4096 ? Sent * 0.9 : 0, size == 4096 ? Sent : Sent * 0.5);

        for (int i = 0; i < Sent; i += Batch)
        {
            Send(probe, "to_declared", i, Batch);
        }
        refused = Refused(probe) - refused;
        Assert.Equal(Sent, probe.ReadEvents(Of("declared"), duration: TimeSpan.Zero).Count() + refused);
        Assert.Null(probe.EventsLost); // the kernel counts none of a ring's
    }

    [LiveFact]
    public void The_type_is_found_by_definition_by_size_and_by_name()
    {
        List<string> choices = [];
        using EbpfProbe probe = Start();
        foreach ((string program, string map, string type) in new[] { ("to_declared", "declared", "event"), ("to_sized", "sized", "small_event"), ("to_perf", "perf", "event") })
        {
            Send(probe, program, 7, 1);
            object e = Assert.Single(probe.ReadEvents(new() { MapName = [map], OnChoice = choices.Add }, maxEvents: 1));
            Assert.StartsWith($"struct {type} {{ sequence = 7", $"{e}", StringComparison.Ordinal);
        }
        Assert.Equal(3, choices.Count);
        Assert.Contains("as the map's definition says", choices[0], StringComparison.Ordinal);
        Assert.Contains("has the 12 bytes", choices[1], StringComparison.Ordinal);

        foreach (string given in new[] { "unrelated", "struct unrelated", "struct { u32 a, b, c; }", "struct unrelated { __u32 a; __u32 b; int c; };" })
        {
            Send(probe, "to_sized", 7, 1);
            Assert.Contains("a = 7, b = 14", $"{Assert.Single(probe.ReadEvents(new() { MapName = ["sized"], EventType = given }, maxEvents: 1))}", StringComparison.Ordinal);
        }
        EbpfException error = Assert.Throws<EbpfException>(() => probe.ReadEvents(new() { MapName = ["sized"], EventType = "nothing" }).First());
        Assert.Equal(EbpfError.EventTypeUnknown, error.Error);
        Assert.Contains("small_event", error.RecommendedAction, StringComparison.Ordinal);
        error = Assert.Throws<EbpfException>(() => probe.ReadEvents(Of("nothing")).First());
        Assert.Equal(EbpfError.MapNotFound, error.Error);
        Assert.Contains("declared, sized, perf", error.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void Bytes_are_those_that_were_sent()
    {
        using EbpfProbe probe = Start();
        Send(probe, "to_sized", 5, 1);
        byte[] ring = Assert.IsType<byte[]>(Assert.Single(probe.ReadEvents(new() { MapName = ["sized"], Raw = true }, maxEvents: 1)));
        Assert.Equal([5, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0], ring);
        Send(probe, "to_perf", 5, 1);
        byte[] perf = Assert.IsType<byte[]>(Assert.Single(probe.ReadEvents(new() { MapName = ["perf"], Raw = true }, maxEvents: 1)));
        Assert.InRange(perf.Length, 48, 55); // the kernel pads it
        AssertBytes(perf.AsSpan(0, 48), 5);
    }

    [LiveFact]
    public void A_record_of_another_length_is_given_as_bytes_and_said_once()
    {
        List<string> warnings = [];
        using EbpfProbe probe = Start();
        ulong[] lengths = [0, 1, 8, 40, 41, 47, 48, 49, 64];
        foreach (ulong length in lengths)
        {
            Assert.Equal(0u, ProgramRun.Run(probe, "any_length", [0, length]));
        }
        object[] read = [.. probe.ReadEvents(new() { MapName = ["declared"], OnWarning = warnings.Add }, duration: TimeSpan.Zero)];
        Assert.Equal(lengths.Length, read.Length);
        for (int i = 0; i < read.Length; i++)
        {
            // struct event has 48 bytes, and its last field is the 41st.
            if (lengths[i] is 41 or 47 or 48)
            {
                Assert.Equal("0123456789abcdef", read[i].GetType().GetProperty("text")!.GetValue(read[i]));
            }
            else
            {
                Assert.Equal("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\0"u8.ToArray()[..(int)lengths[i]], Assert.IsType<byte[]>(read[i]));
            }
        }
        Assert.Contains("0 bytes", Assert.Single(warnings), StringComparison.Ordinal);

        foreach ((string map, string program, string right) in new[] { ("sized", "to_sized", "small_event (12 bytes)"), ("perf", "to_perf", "event (48 bytes)") })
        {
            foreach (string wrong in new[] { "request", "struct { char byte; }", "struct { u64 all[9]; }" })
            {
                warnings.Clear();
                Send(probe, program, 5, 2);
                Assert.All(probe.ReadEvents(new() { MapName = [map], EventType = wrong, OnWarning = warnings.Add }, maxEvents: 2), e => Assert.IsType<byte[]>(e));
                string warning = Assert.Single(warnings);
                Assert.Matches($@"^A record of \d+ bytes came from the map {map}, whose events are struct ?(request)? \((16|1|72) bytes\): ", warning);
                Assert.Matches($@"-EventType; of that size is [^.]*{Regex.Escape(right)}.*char rest\[\];.*-Raw", warning);
            }
        }

        ProgramRun.Run(probe, "any_length", [0, 20]);
        object tail = Assert.Single(probe.ReadEvents(new() { MapName = ["declared"], EventType = "struct { char head[8]; char rest[]; }" }, maxEvents: 1));
        Assert.Equal("89abcdef0123", tail.GetType().GetProperty("rest")!.GetValue(tail));
    }

    [LiveFact]
    public void There_is_one_reader_and_what_it_leaves_is_for_the_next()
    {
        using EbpfProbe probe = Start();
        Send(probe, "to_declared", 0, 10);
        using (IEnumerator<object> first = probe.ReadEvents(Of("declared")).GetEnumerator())
        {
            Assert.True(first.MoveNext());
            EbpfException error = Assert.Throws<EbpfException>(() => probe.ReadEvents(Of("declared")).First());
            Assert.Equal(EbpfError.EventsBusy, error.Error);
            Assert.True(first.MoveNext());
            Assert.Equal(1ul, Sequence(first.Current));
        }
        Assert.Equal(2ul, Sequence(probe.ReadEvents(Of("declared")).First()));
        Assert.Equal(7 * (48 + 8), probe.PendingBytes);
        Assert.True(probe.IsRunning);
        Assert.Equal([3ul, 4, 5, 6, 7, 8, 9], probe.ReadEvents(Of("declared"), duration: TimeSpan.Zero).Select(Sequence));
        Assert.Equal(10, probe.EventsRead);
    }

    [LiveTheory]
    [InlineData("to_declared", "declared")]
    [InlineData("to_perf", "perf")]
    public void A_waiting_reader_gets_the_first_event_at_once_and_ends_at_once(string program, string map)
    {
        using EbpfProbe probe = Start();
        using CancellationTokenSource cancel = new();
        long seenAt = 0, endedAt = 0;
        int count = 0;
        Thread reader = new(() =>
        {
            foreach (object _ in probe.ReadEvents(Of(map), cancellation: cancel.Token))
            {
                seenAt = Stopwatch.GetTimestamp();
                count++;
            }
            endedAt = Stopwatch.GetTimestamp();
        });
        reader.Start();
        double firstMs = double.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            Thread.Sleep(100);
            long sent = Stopwatch.GetTimestamp();
            Send(probe, program, i, 1);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref count) == i + 1, (int)Guest.Limit(5000)));
            firstMs = Math.Min(firstMs, Stopwatch.GetElapsedTime(sent, seenAt).TotalMilliseconds);
        }
        Assert.InRange(firstMs, 0, 20);
        long ended = Stopwatch.GetTimestamp();
        cancel.Cancel();
        Assert.True(reader.Join((int)Guest.Limit(5000)));
        Assert.InRange(Stopwatch.GetElapsedTime(ended, endedAt).TotalMilliseconds, 0, Guest.Limit(200));
        Assert.True(probe.IsRunning);
    }

    [LiveTheory]
    [InlineData("to_declared", "declared")]
    [InlineData("to_perf", "perf")]
    public void A_probe_that_is_stopped_while_it_is_read_ends_the_stream_after_its_last_event(string program, string map)
    {
        for (int round = 0; round < Guest.Times(20); round++)
        {
            EbpfProbe probe = Start();
            int count = 0;
            Exception? failure = null;
            using ManualResetEventSlim first = new();
            Thread reader = new(() =>
            {
                try
                {
                    foreach (object _ in probe.ReadEvents(Of(map)))
                    {
                        count++;
                        first.Set();
                    }
                }
                catch (Exception e)
                {
                    failure = e;
                }
            });
            reader.Start();
            Send(probe, program, 0, Batch);
            Assert.True(first.Wait((int)Guest.Limit(5000)));
            Send(probe, program, Batch, Batch);
            probe.Stop();
            Assert.True(reader.Join((int)Guest.Limit(5000)));
            Assert.Null(failure);
            Assert.Equal(2 * Batch, count);
            Assert.Equal(2 * Batch, probe.EventsRead);
            Assert.Equal(0, probe.PendingBytes);
            EbpfException error = Assert.Throws<EbpfException>(() => probe.ReadEvents(Of(map)).First());
            Assert.Equal(EbpfError.ProbeNotFound, error.Error);
        }
    }

    [LiveFact]
    public void A_reader_may_stop_its_own_probe()
    {
        EbpfProbe probe = Start();
        Send(probe, "to_declared", 0, 3);
        int count = 0;
        foreach (object _ in probe.ReadEvents(Of("declared")))
        {
            count++;
            probe.Stop();
        }
        Assert.Equal(3, count);
    }

    [LiveFact]
    public void All_maps_are_read_together_and_each_in_order()
    {
        using EbpfProbe probe = Start();
        Send(probe, "to_declared", 0, 100);
        Send(probe, "to_sized", 0, 100);
        Send(probe, "to_perf", 0, 100);
        object[] read = [.. probe.ReadEvents(maxEvents: 300)];
        Assert.Equal(300, read.Length);
        ulong[] small = [.. read.Where(e => e.GetType().Name.StartsWith("small_event", StringComparison.Ordinal)).Select(Sequence)];
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (ulong)i), small);
    }

    [LiveFact]
    public void Readers_and_probes_leave_no_descriptors()
    {
        Round();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 50; i++)
        {
            Round();
        }
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 3); // of the runtime's own

        static void Round()
        {
            using EbpfProbe probe = Start();
            Send(probe, "to_perf", 0, 10);
            Assert.Equal(10, probe.ReadEvents(maxEvents: 10).Count());
        }
    }

    [LiveFact]
    public void A_type_of_another_size_than_an_iterators_records_is_an_error()
    {
        using EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("iterators"), new() { ProgramName = ["as_records"] });
        EbpfException error = Assert.Throws<EbpfException>(() => probe.ReadEvents(new() { EventType = "struct { int pid; }" }).First());
        Assert.Equal((EbpfError.EventTypeUnknown, "The iterator as_records writes records of 24 bytes, and struct has 4."), (error.Error, error.Message));
        Assert.Contains("task_row (24 bytes)", error.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void An_iterator_gives_the_machines_tasks_as_text_and_as_records()
    {
        foreach ((string program, Func<object, string> name) in new (string, Func<object, string>)[]
        {
            ("as_text", line => string.Join(' ', ((string)line).Split(' ', 3)[1..])),
            ("as_records", row => $"{row.GetType().GetProperty("tgid")!.GetValue(row)} {row.GetType().GetProperty("comm")!.GetValue(row)}"),
        })
        {
            using EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("iterators"), new() { ProgramName = [program] });
            for (int round = 0; round < 2; round++)
            {
                HashSet<string> before = Processes();
                HashSet<string> seen = [.. probe.ReadEvents().Select(name)];
                HashSet<string> after = Processes();
                before.IntersectWith(after); // those that were there all the time
                before.RemoveWhere(text => text.StartsWith("1 ", StringComparison.Ordinal)); // some kernels' iterators leave it out; bpftool iter shows the same
                Assert.True(before.Count > 5);
                Assert.True(before.IsSubsetOf(seen), $"{program}: {string.Join(",", before.Except(seen))} not in {string.Join(",", seen.Take(8))}");
            }
            Assert.Equal(3, probe.ReadEvents(maxEvents: 3).Count());
            Assert.All(probe.ReadEvents(new() { Raw = true }, maxEvents: 3), bytes => Assert.IsType<byte[]>(bytes));
        }
    }

    private static HashSet<string> Processes() => [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0]))
        .Select(id =>
        {
            try
            {
                // Of a thread of the kernel /proc says more than its comm.
                return File.ReadAllText($"/proc/{id}/cmdline").Length == 0 ? "" : $"{id} {File.ReadAllText($"/proc/{id}/comm").TrimEnd('\n')}";
            }
            catch (IOException)
            {
                return "";
            }
        }).Where(text => text.Length > 0)];

    internal static EbpfProbe Start(ProbeOptions? options = null) => EbpfProbe.Start(BpfCause.Object("events"), options);

    internal static EventOptions Of(string map) => new() { MapName = [map] };

    internal static void Send(EbpfProbe probe, string program, int first, int count, int? cpu = null) =>
        ProgramRun.Run(probe, program, [(ulong)first, (ulong)count], cpu);

    internal static ulong Sequence(object e) => Convert.ToUInt64(e.GetType().GetProperty("sequence")!.GetValue(e), CultureInfo.InvariantCulture);

    private static long Refused(EbpfProbe probe)
    {
        ulong[] refused = new ulong[1];
        Maps.BpfMap bss = probe.Loaded!.Maps.Single(map => map.Name.EndsWith(".bss", StringComparison.Ordinal));
        Assert.Equal(0, ReadEntry(bss.Fd, refused));
        return (long)refused[0];
    }

    private static unsafe int ReadEntry(int fd, ulong[] value)
    {
        int key = 0;
        fixed (ulong* data = value)
        {
            return Native.LibBpf.bpf_map_lookup_elem(fd, &key, data);
        }
    }

    internal static long? LostOf(EbpfProbe probe, string map) => probe.Events.Buffers.Single(buffer => buffer.Name == map).Reader!.Lost;

    // struct event, as C has it.
    private static void AssertBytes(ReadOnlySpan<byte> bytes, int sequence)
    {
        if (MemoryMarshal.Read<ulong>(bytes) != (ulong)sequence || MemoryMarshal.Read<int>(bytes[8..]) != -sequence
            || MemoryMarshal.Read<int>(bytes[12..]) != ((sequence & 1) != 0 ? 2 : (sequence & 2) != 0 ? 70000 : 1)
            || bytes[16] != 'e' || bytes[17] != '0' + sequence % 10 || bytes[18] != 0
            || MemoryMarshal.Read<short>(bytes[32..]) != (short)sequence || bytes[34] != (byte)(sequence >> 3))
        {
            Assert.Fail($"The event {sequence} has the bytes {Convert.ToHexString(bytes)}.");
        }
    }
}
