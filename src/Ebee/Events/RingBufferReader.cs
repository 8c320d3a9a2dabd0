using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Reads a BPF ring buffer (Linux 5.8) straight out of its mapping; only the record that wraps is copied. The protocol
/// is that of libbpf's <c>ringbuf.c</c>: one reader, in order.
/// </summary>
internal sealed unsafe class RingBufferReader : IRecordReader
{
    private const uint Busy = 1u << 31;    // BPF_RINGBUF_BUSY_BIT: reserved, not yet committed
    private const uint Discard = 1u << 30; // BPF_RINGBUF_DISCARD_BIT
    private const int HeaderSize = 8;      // BPF_RINGBUF_HDR_SZ
    private const uint PrefetchAhead = 1024; // bytes; the CPU's own prefetcher stops at the end of each page

    private readonly SafeFileHandle _map;
    private readonly ulong _mask;
    private readonly nuint _pageSize = (nuint)Environment.SystemPageSize;
    private byte* _consumerPage;
    private byte* _producerPage;
    private byte* _data;
    private byte* _end;
    private byte[] _gathered = [];
    private ulong _position; // up to where records were handed out
    private ulong _limit;    // the producer's position when it was last looked at
    private bool _held;      // the record before _position may still be in use
    private bool _isFrozen;

    /// <summary>Maps the ring.</summary>
    /// <param name="map">A descriptor of the map, which is the reader's from now on.</param>
    /// <param name="size">The map's max_entries: its bytes, a power of two.</param>
    public RingBufferReader(SafeFileHandle map, uint size)
    {
        _map = map;
        _mask = size - 1;
        Size = size;
        _consumerPage = Map(_pageSize, LibC.ProtRead | LibC.ProtWrite, 0);
        try
        {
            // The kernel would map the data a second time behind itself, so that the one record that wraps at the end
            // is contiguous. Every page of that would count as memory of this process: Gather copies instead.
            _producerPage = Map(_pageSize + size, LibC.ProtRead, (long)_pageSize);
        }
        catch
        {
            Unmap();
            throw;
        }
        _data = _producerPage + _pageSize;
        _end = _data + size;
        _position = Volatile.Read(ref Consumer);
        _limit = _position;
        if (_position % HeaderSize != 0)
        {
            Unmap();
            throw Damaged(_position);
        }
        PollHandles = [map];
    }

    /// <summary>Bytes of the ring.</summary>
    public uint Size { get; }

    /// <summary>Bytes that the kernel ever put in, with the records' heads.</summary>
    public ulong Produced => _producerPage is null ? 0 : Volatile.Read(ref Unsafe.AsRef<ulong>(_producerPage));

    /// <inheritdoc/>
    public SafeHandle[] PollHandles { get; }

    /// <summary>The kernel tells the program alone that a ring is full.</summary>
    public long? Lost => null;

    /// <inheritdoc/>
    public long PendingBytes => _consumerPage is null ? 0 : (long)(Produced - Volatile.Read(ref Consumer));

    /// <inheritdoc/>
    public long BufferSize => Size;

    /// <inheritdoc/>
    public bool IsFrozen
    {
        set
        {
            Look();
            _isFrozen = value;
        }
    }

    private ref ulong Consumer => ref Unsafe.AsRef<ulong>(_consumerPage);

    /// <summary>
    /// The next record, in place where it does not wrap; false when there is none yet. The record is valid until the next call, which
    /// gives its room back to the kernel.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(out ReadOnlySpan<byte> record)
    {
        ulong position = _position;
        if (_held)
        {
            // x86 and arm64 both order this release store after the reads of the record.
            Volatile.Write(ref Consumer, position);
            _held = false;
        }
        while (position != _limit || Refresh(position))
        {
            byte* header = _data + (position & _mask);
            uint length = Volatile.Read(ref Unsafe.AsRef<uint>(header));
            if ((length & Busy) != 0)
            {
                break;
            }
            uint size = ((length & ~Discard) + HeaderSize + 7) & ~7u;
            if (size > _limit - position)
            {
                throw Damaged(size); // of the two positions, any process that has the ring can write the reader's
            }
            if (Sse.IsSupported)
            {
                byte* ahead = header + PrefetchAhead; // what is not mapped there does not fault
                for (byte* end = ahead + Math.Min(size, PrefetchAhead); ahead < end; ahead += 64)
                {
                    Sse.Prefetch0(ahead);
                }
            }
            position += size;
            if ((length & Discard) == 0)
            {
                _position = position;
                _held = true;
                record = header + size <= _end ? new ReadOnlySpan<byte>(header + HeaderSize, (int)length) : Gather(header, (int)length);
                return true;
            }
            _position = position;
            Volatile.Write(ref Consumer, position);
        }
        record = default;
        return false;
    }

    /// <inheritdoc/>
    public void Release()
    {
        if (_held)
        {
            Volatile.Write(ref Consumer, _position);
            _held = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Unmap();
        _map.Dispose();
    }

    /// <summary>The error for a ring whose positions or lengths lead out of it.</summary>
    internal static EbpfException Damaged(ulong bytes) => new(EbpfError.MapFailed, $"The event buffer cannot be read on: it has a record or a position of {bytes} bytes, which is not in it.",
        "Start the probe again; a ring buffer has one reader.");

    private bool Refresh(ulong position)
    {
        if (!_isFrozen)
        {
            Look();
        }
        return position != _limit;
    }

    // Records up to the limit are within the ring then, and the next look comes when all of these are read.
    private void Look()
    {
        ObjectDisposedException.ThrowIf(_producerPage is null, this);
        ulong produced = Produced;
        _limit = produced - _position <= Size ? produced : throw Damaged(produced - _position);
    }

    // A record that goes on at the start of the ring.
    private ReadOnlySpan<byte> Gather(byte* header, int length)
    {
        if (_gathered.Length < length)
        {
            _gathered = GC.AllocateUninitializedArray<byte>(length);
        }
        int first = (int)Math.Min(_end - header - HeaderSize, length);
        new ReadOnlySpan<byte>(header + HeaderSize, first).CopyTo(_gathered);
        new ReadOnlySpan<byte>(_data, length - first).CopyTo(_gathered.AsSpan(first));
        return _gathered.AsSpan(0, length);
    }

    private byte* Map(nuint length, int protection, long offset)
    {
        nint address = LibC.mmap(0, length, protection, LibC.MapShared, _map, offset);
        return address != -1
            ? (byte*)address
            : throw KernelErrors.Map("events", "map", Marshal.GetLastPInvokeError());
    }

    private void Unmap()
    {
        if (_consumerPage != null)
        {
            _ = LibC.munmap((nint)_consumerPage, _pageSize);
        }
        if (_producerPage != null)
        {
            _ = LibC.munmap((nint)_producerPage, _pageSize + Size);
        }
        _consumerPage = null;
        _producerPage = null;
        _data = null;
        _end = null;
        // Whoever goes on reading looks for more first, and there is told that it is over: no record costs a question.
        _limit = _position;
        _held = _isFrozen = false;
    }
}
