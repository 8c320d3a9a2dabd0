using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Reads a BPF_MAP_TYPE_PERF_EVENT_ARRAY (Linux 4.3): a ring for each CPU that was online when it was made; what happens on a
/// CPU that comes later is not seen. Records of a CPU come in order, those of all CPUs in the order of their times
/// (CLOCK_MONOTONIC): only two of the same microsecond on two CPUs can come the wrong way round. A record can have up to seven
/// bytes more than the program wrote, which the kernel pads it with.
/// </summary>
internal sealed unsafe class PerfBufferReader : IRecordReader
{
    private const uint TypeSoftware = 1;      // PERF_TYPE_SOFTWARE
    private const ulong BpfOutput = 10;       // PERF_COUNT_SW_BPF_OUTPUT
    private const ulong SampleTime = 1 << 2;  // PERF_SAMPLE_TIME
    private const ulong SampleRaw = 1 << 10;  // PERF_SAMPLE_RAW
    private const ulong FormatLost = 1 << 4;  // PERF_FORMAT_LOST, Linux 6.0
    private const ulong AnyCpuEntry = 0;      // BPF_ANY

    private readonly PerfRing[] _rings;
    private readonly bool _countsLost; // else the kernel's records of loss are added up
    private PerfRing? _current;
    private long _lostRecords;
    private ulong _turnEnd; // the current ring's records are next up to this time
    private ulong _horizon; // the rings' ends were looked at after this time
    private bool _isFrozen;
    private bool _disposed;

    /// <summary>Makes the rings, and enters them into the map.</summary>
    /// <param name="mapFd">The map's descriptor. The kernel takes the rings out when it is closed.</param>
    /// <param name="map">The map's name, for errors.</param>
    /// <param name="size">Bytes of a CPU's ring: a page times a power of two.</param>
    /// <param name="maxEntries">How many CPUs the map has room for.</param>
    public PerfBufferReader(int mapFd, string map, uint size, uint maxEntries)
    {
        BufferSize = size;
        List<PerfRing> rings = [];
        try
        {
            _countsLost = true;
            foreach (int cpu in Processors.Online().Where(cpu => cpu < maxEntries))
            {
                SafeFileHandle perf = Open(map, cpu, ref _countsLost);
                rings.Add(new PerfRing(perf, map, size));
                int fd = (int)perf.DangerousGetHandle();
                int result = LibBpf.bpf_map_update_elem(mapFd, &cpu, &fd, AnyCpuEntry);
                if (result < 0)
                {
                    throw KernelErrors.Map(map, "write to", -result);
                }
            }
            _rings = [.. rings];
            PollFds = [.. rings.Select(ring => (int)ring.Event.DangerousGetHandle())];
        }
        catch
        {
            rings.ForEach(ring => ring.Dispose());
            throw;
        }
    }

    /// <inheritdoc/>
    public int[] PollFds { get; }

    /// <inheritdoc/>
    public long BufferSize { get; }

    /// <inheritdoc/>
    public long? Lost => _countsLost ? _rings.Sum(ring => ring.ReadLost()) : Volatile.Read(ref _lostRecords);

    /// <inheritdoc/>
    public long PendingBytes => _rings.Sum(ring => ring.PendingBytes);

    /// <inheritdoc/>
    public bool IsFrozen
    {
        set
        {
            if (value)
            {
                Refresh();
            }
            _isFrozen = value;
        }
    }

    /// <inheritdoc/>
    public bool TryRead(out ReadOnlySpan<byte> record)
    {
        while (true)
        {
            _current?.Release();
            if (_current is null || !_current.TryPeek(out ulong time) || time > _turnEnd)
            {
                _current = null;
                if (!Choose() && (_isFrozen || !Refresh() || !Choose()))
                {
                    record = default;
                    return false;
                }
            }
            if (_current!.Take(out record, out long lost))
            {
                return true;
            }
            _lostRecords += lost;
        }
    }

    /// <inheritdoc/>
    public void Release() => _current?.Release();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Array.ForEach(_rings, ring => ring.Dispose());
        }
    }

    // The ring whose next record is the earliest; it has the turn up to the next one of another ring.
    private bool Choose()
    {
        ulong first = ulong.MaxValue;
        _turnEnd = _isFrozen ? ulong.MaxValue : _horizon;
        foreach (PerfRing ring in _rings)
        {
            if (!ring.TryPeek(out ulong time))
            {
                continue;
            }
            if (time < first)
            {
                _turnEnd = Math.Min(_turnEnd, first);
                first = time;
                _current = ring;
            }
            else
            {
                _turnEnd = Math.Min(_turnEnd, time);
            }
        }
        // What is later than the look at the rings waits for the next: an earlier one may have come to another ring since.
        if (first > _horizon && !_isFrozen)
        {
            _current = null;
        }
        return _current is not null;
    }

    private bool Refresh()
    {
        _horizon = BootClock.MonotonicNanoseconds();
        bool any = false;
        foreach (PerfRing ring in _rings)
        {
            any |= ring.Refresh();
        }
        return any;
    }

    private static SafeFileHandle Open(string map, int cpu, ref bool countsLost)
    {
        while (true)
        {
            PerfEventAttr attributes = new()
            {
                Type = TypeSoftware,
                Config = BpfOutput,
                SampleType = SampleTime | SampleRaw,
                SamplePeriod = 1,
                WakeupEvents = 1, // the first record shows at once; while a wake-up is under way, further ones cost nothing
                UseClockid = 1,
                Clockid = BootClock.Monotonic,
                ReadFormat = countsLost ? FormatLost : 0,
            };
            if (BpfCall.OpenPerfEvent(ref attributes, -1, cpu, out int errno) is { } perf)
            {
                return perf;
            }
            if (errno != Errno.Einval || !countsLost)
            {
                throw KernelErrors.Map(map, $"make the event buffer of CPU {cpu} for", errno);
            }
            countsLost = false;
        }
    }
}
