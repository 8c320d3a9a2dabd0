using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Reads a BPF_MAP_TYPE_PERF_EVENT_ARRAY (Linux 4.3): a ring for each CPU that is online. A CPU that comes online gets its ring
/// when <see cref="FollowProcessors"/> is called; what is written on it before is lost, and not counted. Records of a CPU come in
/// order, those of all CPUs in the order of their times (CLOCK_MONOTONIC): only two of the same microsecond on two CPUs can come the
/// wrong way round. A record can have up to seven bytes more than the program wrote, which the kernel pads it with.
/// </summary>
internal sealed unsafe class PerfBufferReader : IRecordReader
{
    private const uint TypeSoftware = 1;      // PERF_TYPE_SOFTWARE
    private const ulong BpfOutput = 10;       // PERF_COUNT_SW_BPF_OUTPUT
    private const ulong SampleTime = 1 << 2;  // PERF_SAMPLE_TIME
    private const ulong SampleRaw = 1 << 10;  // PERF_SAMPLE_RAW
    private const ulong FormatLost = 1 << 4;  // PERF_FORMAT_LOST, Linux 6.0
    private const ulong AnyCpuEntry = 0;      // BPF_ANY

    private readonly int _mapFd;
    private readonly string _map;
    private readonly uint _maxEntries;
    private readonly Lock _changing = new(); // held where the rings change, and where another thread looks at them
    private PerfRing[] _rings = [];
    private bool _countsLost = true; // else the kernel's records of loss are added up
    private PerfRing? _current;
    private long _lostRecords;
    private long _lostOfGone; // counted by the rings of CPUs that went
    private ulong _turnEnd; // the current ring's records are next up to this time
    private ulong _horizon; // the rings' ends were looked at after this time
    private bool _isFrozen;

    /// <summary>Makes the rings, and enters them into the map.</summary>
    /// <param name="mapFd">The map's descriptor. The kernel takes the rings out when it is closed.</param>
    /// <param name="map">The map's name, for errors.</param>
    /// <param name="size">Bytes of a CPU's ring: a page times a power of two.</param>
    /// <param name="maxEntries">How many CPUs the map has room for.</param>
    public PerfBufferReader(int mapFd, string map, uint size, uint maxEntries)
    {
        _mapFd = mapFd;
        _map = map;
        BufferSize = size;
        _maxEntries = maxEntries;
        try
        {
            FollowProcessors();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public int[] PollFds { get; private set; } = [];

    /// <inheritdoc/>
    public long BufferSize { get; }

    /// <inheritdoc/>
    public long? Lost
    {
        get
        {
            lock (_changing)
            {
                return _countsLost ? _lostOfGone + _rings.Sum(ring => ring.ReadLost()) : Volatile.Read(ref _lostRecords);
            }
        }
    }

    /// <inheritdoc/>
    public long PendingBytes
    {
        get
        {
            lock (_changing)
            {
                return _rings.Sum(ring => ring.PendingBytes);
            }
        }
    }

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

    // The kernel takes the event of a CPU that goes offline out of use, and does not put it back when the CPU returns.
    /// <inheritdoc/>
    public bool FollowProcessors()
    {
        HashSet<int> online = [.. Processors.Online().Where(cpu => cpu < _maxEntries)];
        bool changed = false;
        lock (_changing)
        {
            foreach (PerfRing ring in _rings)
            {
                if (!ring.IsGone && !online.Contains(ring.Cpu))
                {
                    ring.IsGone = changed = true;
                }
            }
            foreach (int cpu in online)
            {
                PerfRing? old = Array.Find(_rings, ring => ring.Cpu == cpu);
                if (old is { IsGone: false } || old?.PendingBytes > 0 || Open(cpu) is not { } opened)
                {
                    continue; // else the next time
                }
                changed = true;
                if (old is null)
                {
                    _rings = [.. _rings, opened];
                    continue;
                }
                _current = _current == old ? null : _current;
                _rings[Array.IndexOf(_rings, old)] = opened;
                _lostOfGone += old.ReadLost();
                old.Dispose();
            }
            PollFds = changed ? [.. _rings.Where(ring => !ring.IsGone).Select(ring => (int)ring.Event.DangerousGetHandle())] : PollFds;
        }
        return changed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_changing)
        {
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

    // Null when the CPU is offline again.
    private PerfRing? Open(int cpu)
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
                ReadFormat = _countsLost ? FormatLost : 0,
            };
            if (BpfCall.OpenPerfEvent(ref attributes, -1, cpu, out int errno) is { } perf)
            {
                PerfRing ring = new(perf, cpu, _map, (uint)BufferSize);
                int fd = (int)perf.DangerousGetHandle();
                int result = LibBpf.bpf_map_update_elem(_mapFd, &cpu, &fd, AnyCpuEntry);
                if (result < 0)
                {
                    ring.Dispose();
                    throw KernelErrors.Map(_map, "write to", -result);
                }
                return ring;
            }
            if (errno == Errno.Enodev)
            {
                return null;
            }
            if (errno != Errno.Einval || !_countsLost)
            {
                throw KernelErrors.Map(_map, $"make the event buffer of CPU {cpu} for", errno);
            }
            _countsLost = false;
        }
    }
}
