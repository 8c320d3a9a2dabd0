using System.Runtime.InteropServices;
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

    private readonly SafeFileHandle _handle;
    private readonly string _map;
    private readonly uint _maxEntries;
    private readonly Lock _changing = new(); // held where the rings change, and where another thread looks at them
    private PerfRing[] _rings = [];
    private bool _countsLost = true; // else the kernel's records of loss are added up
    private PerfRing? _current;
    private long _lostRecords;
    private long _lostOfGone; // counted by the rings of CPUs that went
    private PerfRing[] _turns = []; // those with records, as a heap: the ring of the earliest record is the first
    private int _turnCount;
    private ulong _horizon; // the rings' ends were looked at after this time
    private bool _isFrozen;

    /// <summary>Makes the rings, and enters them into the map.</summary>
    /// <param name="handle">A descriptor of the map, which is the reader's from now on. The kernel takes the rings out when it is closed.</param>
    /// <param name="map">The map's name, for errors.</param>
    /// <param name="size">Bytes of a CPU's ring: a page times a power of two.</param>
    /// <param name="maxEntries">How many CPUs the map has room for.</param>
    public PerfBufferReader(SafeFileHandle handle, string map, uint size, uint maxEntries)
    {
        _handle = handle;
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

    /// <summary>Of rings that are there.</summary>
    internal PerfBufferReader(SafeFileHandle handle, PerfRing[] rings)
    {
        (_handle, _map, _rings) = (handle, "", rings);
    }

    /// <inheritdoc/>
    public SafeHandle[] PollHandles { get; private set; } = [];

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
            if (_current is not null)
            {
                _current.Release();
                Settle(_current);
                _current = null;
            }
            if (!HasNext && (_isFrozen || !Refresh() || !HasNext))
            {
                record = default;
                return false;
            }
            _current = _turns[0];
            if (_current.Take(out record, out long lost))
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
            if (changed)
            {
                FindTurns();
                PollHandles = [.. _rings.Where(ring => !ring.IsGone).Select(ring => ring.Event)];
            }
        }
        return changed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_changing)
        {
            Array.ForEach(_rings, ring => ring.Dispose());
            (_turnCount, _current, _isFrozen) = (0, null, false);
        }
        _handle.Dispose();
    }

    // What is later than the look at the rings waits for the next: an earlier one may have come to another ring since.
    private bool HasNext => _turnCount > 0 && (_isFrozen || _turns[0].NextTime <= _horizon);

    private bool Refresh()
    {
        ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
        _horizon = BootClock.MonotonicNanoseconds();
        foreach (PerfRing ring in _rings)
        {
            ring.Refresh();
        }
        FindTurns();
        return _turnCount > 0;
    }

    private void FindTurns()
    {
        _turns = _turns.Length == _rings.Length ? _turns : new PerfRing[_rings.Length];
        _turnCount = 0;
        foreach (PerfRing ring in _rings)
        {
            if (ring.TryPeek())
            {
                _turns[_turnCount++] = ring;
            }
        }
        for (int i = _turnCount / 2 - 1; i >= 0; i--)
        {
            SiftDown(i);
        }
    }

    // A record of it was taken: it goes to where its next one belongs. The other rings are not looked at.
    private void Settle(PerfRing taken)
    {
        if (_turnCount == 0 || _turns[0] != taken)
        {
            return; // the turns were found anew
        }
        if (!taken.TryPeek())
        {
            _turns[0] = _turns[--_turnCount];
        }
        SiftDown(0);
    }

    private void SiftDown(int at)
    {
        for (int child = 2 * at + 1; child < _turnCount; child = 2 * at + 1)
        {
            if (child + 1 < _turnCount && _turns[child + 1].NextTime < _turns[child].NextTime)
            {
                child++;
            }
            if (_turns[at].NextTime <= _turns[child].NextTime)
            {
                return;
            }
            (_turns[at], _turns[child]) = (_turns[child], _turns[at]);
            at = child;
        }
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
                int fd = (int)perf.DangerousGetHandle(); // nobody else has it yet
                int result = LibBpf.bpf_map_update_elem(_handle, &cpu, &fd, AnyCpuEntry);
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
