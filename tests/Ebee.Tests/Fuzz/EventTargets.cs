using System.Runtime.InteropServices;
using System.Text.Json;
using Ebee.Bindings;
using Ebee.Events;
using Ebee.Host;
using Ebee.Native;
using Ebee.Tracers;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Fuzz;

/// <summary>Buffers that the kernel and programs write to, and the records in them.</summary>
internal static class EventTargets
{
    private const int RingSize = 4096;
    private const uint Discard = 1u << 30, Busy = 1u << 31;

    private static readonly int Page = Environment.SystemPageSize;
    private static readonly Lazy<SafeFileHandle> Ring = new(() => NewMemory(2 * Page + RingSize)), PerfBuffer = new(() => NewMemory(Page + RingSize));

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        FuzzTarget.Bytes("ring buffer", Rings, ReadRing, typeof(EbpfException)),
        FuzzTarget.Bytes("perf buffer", PerfBuffers, ReadPerfBuffer, typeof(EbpfException)),
        FuzzTarget.Bytes("exec records", () => [Records.Exec(), Records.Exec(null, "", "memfd:x\0")], data => Show(new ExecEvent(data, Records.BootUtcTicks), new ExecTracer()), typeof(InvalidDataException)),
        FuzzTarget.Bytes("filedelete records", () => [FileDelete()], data => Show(new FileDeleteEvent(data, Records.BootUtcTicks), new FileDeleteTracer()), typeof(InvalidDataException)),
        FuzzTarget.Bytes("trace lines", TraceLines, ReadTraceLine),
    ];

    // All that whoever prints it reads.
    private static void Show<T>(T e, Tracer<T> tracer) where T : class
    {
        _ = JsonDocument.Parse(JsonSerializer.Serialize(e, tracer.JsonType));
        foreach (TableColumn column in tracer.Columns)
        {
            _ = TerminalText.Escape(column.Value(e));
        }
        foreach (var property in typeof(T).GetProperties())
        {
            _ = property.GetValue(e);
        }
    }

    private static byte[] FileDelete()
    {
        FileDeleteRecord record = new() { Task = new TaskInfo { Time = 1500, ProcessId = 7, CgroupPathLength = 3 }, NameLength = 5, DirectoryLength = 7, Device = 0x800001, Inode = 12, ReturnCode = -2 };
        return [.. MemoryMarshal.AsBytes(new ReadOnlySpan<FileDeleteRecord>(in record)), .. "a\0\0"u8, .. "./fi\0"u8, .. "me\0ho\0\0"u8];
    }

    // The reader's position, the writer's, then the ring; the second wraps.
    private static byte[][] Rings() => [RingOf(0, 5, 40, 100, 0, 8), RingOf(4096 * 7 - 40, 100, 30 | Discard, 9), RingOf(8, 3000, 7, 20 | Busy)];

    private static byte[] RingOf(ulong start, params uint[] lengths)
    {
        byte[] ring = new byte[RingSize];
        ulong position = start;
        foreach (uint length in lengths)
        {
            BitConverter.TryWriteBytes(ring.AsSpan((int)(position % RingSize)), length);
            position += ((length & ~(Discard | Busy)) + 8 + 7) & ~7u;
        }
        return [.. BitConverter.GetBytes(start), .. BitConverter.GetBytes(position), .. ring];
    }

    private static void ReadRing(byte[] data)
    {
        data = Fill(data, 16 + RingSize);
        RandomAccess.Write(Ring.Value, data.AsSpan(0, 8), 0);
        RandomAccess.Write(Ring.Value, data.AsSpan(8, 8), Page);
        RandomAccess.Write(Ring.Value, data.AsSpan(16), 2 * Page);
        using RingBufferReader reader = new(Ebee.Native.KernelObjects.Duplicate(Ring.Value), RingSize);
        long all = 0;
        while (reader.TryRead(out ReadOnlySpan<byte> record))
        {
            all += CheckRecord(record);
        }
        Assert.InRange(all, 0, RingSize);
    }

    private static byte[][] PerfBuffers() => [PerfBufferOf(9, 9, 2, 9), PerfBufferOf(9, 3, 9), PerfBufferOf()];

    // The writer's position, then the ring. Samples (9) have a time, a size and bytes, records of loss (2) an id and a count.
    private static byte[] PerfBufferOf(params uint[] types)
    {
        byte[] ring = new byte[RingSize];
        int at = 0;
        foreach (uint type in types)
        {
            const ushort Size = 40;
            BitConverter.TryWriteBytes(ring.AsSpan(at), type);
            BitConverter.TryWriteBytes(ring.AsSpan(at + 6), Size);
            BitConverter.TryWriteBytes(ring.AsSpan(at + 8), 1000L + at);
            BitConverter.TryWriteBytes(ring.AsSpan(at + 16), 20);
            at += Size;
        }
        return [.. BitConverter.GetBytes((long)at), .. ring];
    }

    private static void ReadPerfBuffer(byte[] data)
    {
        data = Fill(data, 8 + RingSize);
        RandomAccess.Write(PerfBuffer.Value, data.AsSpan(0, 8), 1024);
        RandomAccess.Write(PerfBuffer.Value, data.AsSpan(8), Page);
        using PerfRing ring = new(File.OpenHandle($"/proc/self/fd/{PerfBuffer.Value.DangerousGetHandle()}", FileMode.Open, FileAccess.ReadWrite), 0, "map", RingSize);
        _ = ring.Refresh();
        long all = 0;
        while (ring.TryPeek())
        {
            all += ring.Take(out ReadOnlySpan<byte> record, out _) ? CheckRecord(record) : 1;
            Assert.InRange(all, 0, RingSize);
            ring.Release();
        }
    }

    // Reads it all.
    private static int CheckRecord(ReadOnlySpan<byte> record)
    {
        Assert.InRange(record.Length, 0, RingSize);
        _ = record.IndexOf(record.ToArray());
        return Math.Max(1, record.Length);
    }

    private static byte[] Fill(byte[] data, int length)
    {
        Array.Resize(ref data, length);
        return data;
    }

    private static SafeFileHandle NewMemory(int size)
    {
        SafeFileHandle file = new(LibC.memfd_create("fuzz", LibC.MfdCloexec), ownsHandle: true);
        RandomAccess.SetLength(file, size);
        return file;
    }

    private static byte[][] TraceLines() =>
    [
        [.. "            bash-123     [001] ...1.  5121.905184: bpf_trace_printk: text: more"u8],
        [.. "    kworker/0:1-45  (   45) [000] d..2  99.000001: sys_enter(a: 1)"u8], [.. "           <...>-7 (-----) [003] 4711: 0x1: x"u8],
        [.. "CPU:1 [LOST 5265 EVENTS]"u8], [.. "CPU:1 [LOST EVENTS]"u8],
    ];

    private static void ReadTraceLine(byte[] line)
    {
        EbpfTraceMessage message = TraceLine.Parse(line, new TraceClock(5000, Records.BootUtcTicks, IsTime: true));
        Assert.True(message.ProcessId >= 0 && message.ThreadId >= 0);
        Assert.True(!TraceLine.TryParseLoss(line, out long count) || count > 0);
        Assert.True(TraceLine.Parse(line, TraceClock.None, isWhole: true, out long lost) is { } entry ? entry.ThreadId >= 0 && lost >= 0 : lost == 0);
    }
}
