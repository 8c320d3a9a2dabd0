using System.Runtime.CompilerServices;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Events;

/// <summary>
/// Reads a BPF ring buffer (Linux 5.8) straight out of its mapping. The protocol is that of libbpf's
/// <c>ringbuf.c</c>: one reader, in order. Not thread-safe, but for <see cref="Wake"/>.
/// </summary>
internal sealed unsafe class RingBufferReader : IDisposable
{
    private const uint Busy = 1u << 31;    // BPF_RINGBUF_BUSY_BIT: reserved, not yet committed
    private const uint Discard = 1u << 30; // BPF_RINGBUF_DISCARD_BIT
    private const int HeaderSize = 8;      // BPF_RINGBUF_HDR_SZ

    private readonly int _mapFd;
    private readonly ulong _mask;
    private readonly nuint _pageSize = (nuint)Environment.SystemPageSize;
    private readonly PollWaiter _waiter;
    private byte* _consumerPage;
    private byte* _producerPage;
    private byte* _data;
    private ulong _position; // up to where records were handed out
    private ulong _limit;    // the producer's position when it was last looked at
    private bool _held;      // the record before _position may still be in use

    /// <summary>Maps the ring.</summary>
    /// <param name="mapFd">The map's descriptor, which must live as long as the reader.</param>
    /// <param name="size">The map's max_entries: its bytes, a power of two.</param>
    public RingBufferReader(int mapFd, uint size)
    {
        _mapFd = mapFd;
        _mask = size - 1;
        Size = size;
        _consumerPage = Map(_pageSize, LibC.ProtRead | LibC.ProtWrite, 0);
        try
        {
            // The data is mapped twice in a row by the kernel: a record that wraps is contiguous.
            _producerPage = Map(_pageSize + 2 * (nuint)size, LibC.ProtRead, (long)_pageSize);
            _waiter = new PollWaiter();
        }
        catch
        {
            Unmap();
            throw;
        }
        _data = _producerPage + _pageSize;
        _position = Volatile.Read(ref Consumer);
        _limit = _position;
    }

    /// <summary>Bytes of the ring.</summary>
    public uint Size { get; }

    /// <summary>Bytes that the kernel ever put in, with the records' heads.</summary>
    public ulong Produced => Volatile.Read(ref Unsafe.AsRef<ulong>(_producerPage));

    private ref ulong Consumer => ref Unsafe.AsRef<ulong>(_consumerPage);

    /// <summary>
    /// The next record, in place; false when there is none yet. The record is valid until the next call, which
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
            position += ((length & ~Discard) + HeaderSize + 7) & ~7u;
            if ((length & Discard) == 0)
            {
                _position = position;
                _held = true;
                record = new ReadOnlySpan<byte>(header + HeaderSize, (int)length);
                return true;
            }
            _position = position;
            Volatile.Write(ref Consumer, position);
        }
        record = default;
        return false;
    }

    /// <summary>Waits until there may be a record, the time is over, or <see cref="Wake"/> was called.</summary>
    /// <param name="timeoutMs">Milliseconds; -1 waits for ever.</param>
    public void Wait(int timeoutMs) => _waiter.Wait(_mapFd, timeoutMs);

    /// <summary>Ends a <see cref="Wait"/>, now or the next one. Any thread may call it.</summary>
    public void Wake() => _waiter.Wake();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_consumerPage != null)
        {
            Unmap();
            _waiter.Dispose();
        }
    }

    private bool Refresh(ulong position)
    {
        _limit = Produced;
        return position != _limit;
    }

    private byte* Map(nuint length, int protection, long offset)
    {
        nint address = LibC.mmap(0, length, protection, LibC.MapShared, _mapFd, offset);
        return address != -1
            ? (byte*)address
            : throw KernelErrors.Map("events", "map", System.Runtime.InteropServices.Marshal.GetLastPInvokeError());
    }

    private void Unmap()
    {
        if (_consumerPage != null)
        {
            _ = LibC.munmap((nint)_consumerPage, _pageSize);
        }
        if (_producerPage != null)
        {
            _ = LibC.munmap((nint)_producerPage, _pageSize + 2 * (nuint)Size);
        }
        _consumerPage = null;
        _producerPage = null;
        _data = null;
    }
}
