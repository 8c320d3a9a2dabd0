using Ebee.Events;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Unit;

/// <summary>A perf buffer of rings that the test writes, each a memory file laid out as the kernel maps one.</summary>
public sealed class PerfBufferReaderTests
{
    private const int Size = 1 << 16, RecordSize = 40;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    public void Records_of_all_rings_come_in_the_order_of_their_times(int rings)
    {
        Random random = new(rings);
        List<long>[] times = [.. Enumerable.Range(0, rings).Select(_ => new List<long>())];
        for (int time = 1; time <= 2000; time++)
        {
            List<long> ring = times[random.Next(rings)];
            if (ring.Count < Size / RecordSize)
            {
                ring.Add(time);
            }
        }
        using PerfBufferReader reader = Reader(times);
        Assert.Equal(times.SelectMany(t => t).Order(), ReadAll(reader));
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void What_is_later_than_the_look_at_the_rings_waits_for_it()
    {
        using PerfBufferReader reader = Reader([1, long.MaxValue], [2]);
        Assert.Equal([1, 2], ReadAll(reader));
        reader.IsFrozen = true; // nothing earlier comes any more
        Assert.Equal([long.MaxValue], ReadAll(reader));
    }

    [Fact]
    public void A_disposed_reader_says_so()
    {
        PerfBufferReader reader = Reader([1, 2], [3]);
        Assert.True(reader.TryRead(out _));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => ReadAll(reader));
        Assert.Equal(0, reader.PendingBytes);
    }

    private static List<long> ReadAll(PerfBufferReader reader)
    {
        List<long> read = [];
        while (reader.TryRead(out ReadOnlySpan<byte> record))
        {
            read.Add(BitConverter.ToInt64(record));
        }
        return read;
    }

    private static PerfBufferReader Reader(params List<long>[] times) => new(new SafeFileHandle(), [.. times.Select(Ring)]);

    // Each record has its time as its bytes.
    private static PerfRing Ring(List<long> times, int cpu)
    {
        int page = Environment.SystemPageSize;
        SafeFileHandle file = new(LibC.memfd_create("ring", LibC.MfdCloexec), ownsHandle: true);
        RandomAccess.SetLength(file, page + Size);
        RandomAccess.Write(file, BitConverter.GetBytes((long)times.Count * RecordSize), 1024);
        for (int i = 0; i < times.Count; i++)
        {
            // struct perf_event_header: type, misc, size; then the time, the bytes' number, the bytes.
            byte[] record = [.. BitConverter.GetBytes(9), 0, 0, RecordSize, 0, .. BitConverter.GetBytes(times[i]), .. BitConverter.GetBytes(16), .. BitConverter.GetBytes(times[i])];
            RandomAccess.Write(file, record, page + i * RecordSize);
        }
        return new PerfRing(file, cpu, "map", Size);
    }
}
