using Ebee.Events;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Unit;

/// <summary>A CPU's ring of a perf buffer, in a memory file laid out as the kernel maps one.</summary>
public sealed class PerfRingTests
{
    private const int Size = 4096;

    [Fact]
    public void A_sample_has_the_bytes_that_it_says()
    {
        using PerfRing ring = Ring(40, (9, 40), 3);
        Assert.True(ring.Refresh() && ring.TryPeek() && ring.NextTime == 77);
        Assert.True(ring.Take(out ReadOnlySpan<byte> record, out _));
        Assert.Equal(3, record.Length);
        Assert.False(ring.TryPeek());
    }

    [Theory]
    [InlineData(40, 9, 16, 3)]   // no room for a sample's head
    [InlineData(40, 9, 40, -1)]
    [InlineData(40, 9, 36, 3)]   // what follows would not be aligned
    [InlineData(40, 3, 4, 0)]    // less than a head
    [InlineData(40, 3, 48, 0)]   // beyond the kernel's position
    [InlineData(44, 9, 40, 3)]
    [InlineData(3 * Size, 9, 40, 3)]
    public void A_record_that_leads_out_of_the_ring_is_an_error(long head, uint type, ushort size, int length)
    {
        using PerfRing ring = Ring(head, (type, size), length);
        Assert.Equal(EbpfError.MapFailed, Assert.Throws<EbpfException>(() =>
        {
            _ = ring.Refresh();
            _ = ring.Take(out _, out _);
        }).Error);
    }

    private static PerfRing Ring(long head, (uint Type, ushort Size) record, int length)
    {
        int page = Environment.SystemPageSize;
        SafeFileHandle file = new(LibC.memfd_create("ring", LibC.MfdCloexec), ownsHandle: true);
        RandomAccess.SetLength(file, page + Size);
        RandomAccess.Write(file, BitConverter.GetBytes(head), 1024);
        // struct perf_event_header: type, misc, size; then the time, and the bytes' number.
        RandomAccess.Write(file, [.. BitConverter.GetBytes(record.Type), 0, 0, .. BitConverter.GetBytes(record.Size), .. BitConverter.GetBytes(77L), .. BitConverter.GetBytes(length)], page);
        return new PerfRing(file, 0, "map", Size);
    }
}
