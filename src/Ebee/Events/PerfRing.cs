using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>The ring of one CPU (struct perf_event_mmap_page and the data behind it).</summary>
internal sealed unsafe class PerfRing : IDisposable
{
    private const int HeadOffset = 1024, TailOffset = 1032; // data_head, data_tail
    private const uint RecordLost = 2, RecordSample = 9;    // PERF_RECORD_…
    private const int HeaderSize = 8;                       // struct perf_event_header
    private readonly nuint _length;
    private readonly ulong _mask;
    private byte* _page;
    private readonly byte* _data;
    private byte[] _gathered = [];
    private ulong _position; // up to where records were handed out
    private ulong _head;     // the kernel's position when it was last looked at
    private ulong _lastTime;
    private bool _held;

    public PerfRing(SafeFileHandle perf, int cpu, string map, uint size)
    {
        Event = perf;
        Cpu = cpu;
        nuint pageSize = (nuint)Environment.SystemPageSize;
        _length = pageSize + size;
        _mask = size - 1;
        nint address = LibC.mmap(0, _length, LibC.ProtRead | LibC.ProtWrite, LibC.MapShared, perf, 0);
        if (address == -1)
        {
            int errno = Marshal.GetLastPInvokeError();
            perf.Dispose();
            throw errno == Errno.Enomem
                ? new EbpfException(EbpfError.MapFailed, $"The map {map} cannot have buffers of {size} bytes for each CPU: ENOMEM.",
                    $"Give less, as much must be free: Start-EbpfProbe -MapSize @{{ {map} = 1MB }}. The kernel makes none above 1 GB.")
                : KernelErrors.Map(map, "map the event buffer of", errno);
        }
        _page = (byte*)address;
        _data = _page + pageSize;
    }

    public SafeFileHandle Event { get; }

    public int Cpu { get; }

    /// <summary>Whether the CPU went offline: nothing comes any more.</summary>
    public bool IsGone { get; set; }

    public long PendingBytes => _page is null ? 0 : (long)(Head - Volatile.Read(ref Tail));

    private ulong Head => Volatile.Read(ref Unsafe.AsRef<ulong>(_page + HeadOffset));

    private ref ulong Tail => ref Unsafe.AsRef<ulong>(_page + TailOffset);

    public bool Refresh()
    {
        ObjectDisposedException.ThrowIf(_page is null, this);
        _head = Head;
        return _head % 8 != 0 || _head - _position > _mask + 1 ? throw RingBufferReader.Damaged(_head - _position) : _head != _position;
    }

    public void Release()
    {
        if (_held)
        {
            _held = false;
            Volatile.Write(ref Tail, _position);
        }
    }

    /// <summary>When the next record was written, as <see cref="TryPeek"/> found.</summary>
    public ulong NextTime { get; private set; }

    // The time stands at the head of a sample. A record of loss has none: it comes right before the sample behind it.
    public bool TryPeek()
    {
        if (_position == _head)
        {
            return false;
        }
        // Records have multiples of eight bytes: none of these reads wraps.
        NextTime = At<uint>(_position) == RecordSample ? At<ulong>(_position + HeaderSize) : _lastTime;
        return true;
    }

    /// <summary>Passes over the next record; false when it is no sample, with the samples lost that it tells of.</summary>
    public bool Take(out ReadOnlySpan<byte> record, out long lost)
    {
        const int SampleHead = HeaderSize + 8 + 4; // then the time, the size
        ulong start = _position;
        uint type = At<uint>(start);
        uint size = At<ushort>(start + 6);
        int room = (int)size - SampleHead, length = type == RecordSample && room >= 0 ? At<int>(start + HeaderSize + 8) : 0;
        if (size < HeaderSize || size % 8 != 0 || size > _head - start || type == RecordSample && room < 0 || length < 0)
        {
            throw RingBufferReader.Damaged(size); // nobody but the kernel writes there
        }
        _position = start + size;
        _held = true;
        lost = type == RecordLost ? At<long>(start + 16) : 0;
        if (type != RecordSample)
        {
            record = default;
            return false;
        }
        _lastTime = At<ulong>(start + HeaderSize);
        record = Span(start + SampleHead, Math.Min(length, room));
        return true;
    }

    /// <summary>Samples that found no room, as the kernel counts them; of PERF_FORMAT_LOST.</summary>
    public long ReadLost()
    {
        long* values = stackalloc long[2]; // value, lost
        return LibC.read(Event, values, 2 * sizeof(long)) == 2 * sizeof(long) ? values[1] : 0;
    }

    public void Dispose()
    {
        if (_page is not null)
        {
            _ = LibC.munmap((nint)_page, _length);
            _page = null;
            (_head, _held) = (_position, false);
            Event.Dispose();
        }
    }

    private T At<T>(ulong position) where T : unmanaged => Unsafe.ReadUnaligned<T>(_data + (position & _mask));

    private ReadOnlySpan<byte> Span(ulong position, int length)
    {
        int start = (int)(position & _mask), toEnd = (int)(_mask + 1) - start;
        if (length <= toEnd)
        {
            return new ReadOnlySpan<byte>(_data + start, length);
        }
        if (_gathered.Length < length)
        {
            _gathered = GC.AllocateUninitializedArray<byte>(length);
        }
        new ReadOnlySpan<byte>(_data + start, toEnd).CopyTo(_gathered);
        new ReadOnlySpan<byte>(_data, length - toEnd).CopyTo(_gathered.AsSpan(toEnd));
        return _gathered.AsSpan(0, length);
    }
}
