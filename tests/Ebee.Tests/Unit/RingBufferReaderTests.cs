using System.Runtime.InteropServices;
using Ebee.Events;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Unit;

/// <summary>The reader over a ring that the test writes: a memory file laid out as the kernel maps a ring.</summary>
public sealed partial class RingBufferReaderTests : IDisposable
{
    private const int Size = 4096;
    private const uint Busy = 1u << 31, Discard = 1u << 30;
    private readonly int _page = Environment.SystemPageSize;
    private readonly SafeFileHandle _file;

    public RingBufferReaderTests()
    {
        _file = new SafeFileHandle(memfd_create("ring", 1), ownsHandle: true);
        RandomAccess.SetLength(_file, 2 * _page + 2 * Size);
    }

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Records_come_in_order_and_give_their_room_back_when_done()
    {
        Produce(0, [1, 2, 3]);
        Produce(16, [4, 5, 6, 7, 8, 9, 10, 11, 12]);
        Commit(40);
        using RingBufferReader reader = Reader();
        Assert.True(reader.TryRead(out ReadOnlySpan<byte> first));
        Assert.Equal([1, 2, 3], first.ToArray());
        Assert.Equal(0ul, Consumer);
        Assert.True(reader.TryRead(out ReadOnlySpan<byte> second));
        Assert.Equal([4, 5, 6, 7, 8, 9, 10, 11, 12], second.ToArray());
        Assert.Equal(16ul, Consumer);
        Assert.False(reader.TryRead(out _));
        Assert.Equal(40ul, Consumer);
        Assert.Equal(40ul, reader.Produced);
    }

    [Fact]
    public void A_record_that_is_being_written_is_waited_for()
    {
        Produce(0, [1]);
        Produce(16, [2], Busy);
        Produce(32, [3]);
        Commit(48);
        using RingBufferReader reader = Reader();
        Assert.True(reader.TryRead(out _));
        Assert.False(reader.TryRead(out _));
        Assert.False(reader.TryRead(out _));
        Produce(16, [2]);
        Assert.True(reader.TryRead(out ReadOnlySpan<byte> record));
        Assert.Equal([2], record.ToArray());
        Assert.True(reader.TryRead(out record));
        Assert.Equal([3], record.ToArray());
        Assert.False(reader.TryRead(out _));
    }

    [Fact]
    public void Discarded_records_are_passed_over()
    {
        Produce(0, [1], Discard);
        Produce(16, [2]);
        Produce(32, [3], Discard);
        Commit(48);
        using RingBufferReader reader = Reader();
        Assert.True(reader.TryRead(out ReadOnlySpan<byte> record));
        Assert.Equal([2], record.ToArray());
        Assert.False(reader.TryRead(out _));
        Assert.Equal(48ul, Consumer);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(uint.MaxValue)]          // positions are 64 bits wide
    [InlineData(5ul * uint.MaxValue)]
    public void A_record_that_wraps_is_whole(ulong around)
    {
        ulong start = (around & ~(ulong)(Size - 1)) + Size - 16;
        byte[] long_ = [.. Enumerable.Range(0, 600).Select(i => (byte)i)];
        Write(0, BitConverter.GetBytes(start));
        Produce(start, long_);
        Commit(start + 608);
        using RingBufferReader reader = Reader();
        Assert.True(reader.TryRead(out ReadOnlySpan<byte> record));
        Assert.Equal(long_, record.ToArray());
        Assert.False(reader.TryRead(out _));
        Assert.Equal(start + 608, Consumer);
    }

    // The reader's position can be written by any process that has the ring: what it leads to is no record then.
    [Theory]
    [InlineData(0, 16, 4000u)]           // a record beyond the writer's position
    [InlineData(0, 4096, 0x3ffffff0u)]   // and beyond the ring
    [InlineData(0, 3 * Size, 8u)]        // the positions are more than the ring apart
    [InlineData(32, 16, 8u)]             // or the wrong way round
    [InlineData(4093, 8192, 8u)]         // a head that goes on behind the memory
    public void A_position_or_a_length_that_leads_out_of_the_ring_is_an_error(ulong consumer, ulong producer, uint length)
    {
        Write(0, BitConverter.GetBytes(consumer));
        Write(2 * _page + (int)(consumer % Size), BitConverter.GetBytes(length));
        Commit(producer);
        EbpfException e = Assert.Throws<EbpfException>(() =>
        {
            using RingBufferReader reader = Reader();
            _ = reader.TryRead(out _);
        });
        Assert.Equal(EbpfError.MapFailed, e.Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_disposed_reader_says_so(bool hasMore)
    {
        Produce(0, [1]);
        Produce(16, [2]);
        Commit(32);
        RingBufferReader reader = Reader();
        Assert.True(reader.TryRead(out _));
        Assert.True(hasMore || reader.TryRead(out _));
        reader.Dispose();
        Assert.Throws<ObjectDisposedException>(() => reader.TryRead(out _));
        reader.Release(); // nothing is touched
        Assert.Equal(0, reader.PendingBytes);
        reader.Dispose();
        Assert.Equal(hasMore ? 0ul : 16ul, Consumer);
    }

    [Fact]
    public void A_record_may_be_empty()
    {
        Produce(0, []);
        Produce(8, [1]);
        Commit(24);
        using RingBufferReader reader = Reader();
        Assert.True(reader.TryRead(out ReadOnlySpan<byte> record));
        Assert.True(record.IsEmpty);
        Assert.True(reader.TryRead(out record));
        Assert.Equal([1], record.ToArray());
    }

    [Fact]
    public void A_second_reader_goes_on_where_the_first_was_done()
    {
        Produce(0, [1]);
        Produce(16, [2]);
        Commit(32);
        using (RingBufferReader first = Reader())
        {
            Assert.True(first.TryRead(out _));
            Assert.True(first.TryRead(out _));
            Assert.Equal(16ul, Consumer);
        }
        using RingBufferReader second = Reader();
        Assert.True(second.TryRead(out ReadOnlySpan<byte> record));
        Assert.Equal([2], record.ToArray());
    }

    private ulong Consumer
    {
        get
        {
            byte[] bytes = new byte[8];
            RandomAccess.Read(_file, bytes, 0);
            return BitConverter.ToUInt64(bytes);
        }
    }

    private RingBufferReader Reader() => new(KernelObjects.Duplicate(_file), Size);

    private void Commit(ulong position) => Write(_page, BitConverter.GetBytes(position));

    private void Produce(ulong position, byte[] record, uint flags = 0)
    {
        byte[] bytes = [.. BitConverter.GetBytes((uint)record.Length | flags), 0, 0, 0, 0, .. record];
        int at = (int)(position % Size);
        Write(2 * _page + at, bytes);
        if (at + bytes.Length > Size)
        {
            // The kernel's second mapping shows the beginning behind the end; this file has a copy.
            Write(2 * _page, bytes[(Size - at)..]);
        }
    }

    private void Write(int offset, byte[] bytes) => RandomAccess.Write(_file, bytes, offset);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);
}
