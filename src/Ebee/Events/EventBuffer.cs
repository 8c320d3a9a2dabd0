using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>A map that events are written into: a ring buffer or a perf event array. Opened for reading when it is first needed.</summary>
/// <param name="name">The map's name.</param>
/// <param name="isPerfArray">Whether it is a perf event array.</param>
/// <param name="maxEntries">Its max_entries: of a ring buffer its bytes.</param>
/// <param name="handle">A descriptor of the map, which is this one's from now on.</param>
/// <param name="outputs">The places in the programs where they write into it.</param>
internal sealed class EventBuffer(string name, bool isPerfArray, uint maxEntries, SafeFileHandle handle, IReadOnlyList<EventOutput> outputs) : IDisposable
{
    /// <summary>BPF_MAP_TYPE_PERF_EVENT_ARRAY.</summary>
    public const uint PerfEventArray = 4;

    /// <summary>BPF_MAP_TYPE_RINGBUF.</summary>
    public const uint RingBuffer = 27;

    private const uint DefaultCpuBytes = 512 << 10; // what any user may lock for each CPU (perf_event_mlock_kb)

    private readonly Lock _opening = new();

    public string Name { get; } = name;

    public IReadOnlyList<EventOutput> Outputs { get; } = outputs;

    /// <summary>Whether its records have up to seven bytes more than were written.</summary>
    public bool IsPadded => isPerfArray;

    /// <summary>Of a perf event array, the bytes for each CPU: a page times a power of two.</summary>
    public uint CpuBytes { get; set; } = DefaultCpuBytes;

    /// <summary>The reader; null while nobody has asked for it.</summary>
    public IRecordReader? Reader { get; private set; }

    /// <summary>A map by what the kernel says of it; null when it is none that events are written into.</summary>
    /// <param name="name">Its name, of which the kernel keeps 15 bytes.</param>
    /// <param name="map">It.</param>
    /// <param name="handle">A descriptor of it, of which this has one of its own.</param>
    public static EventBuffer? Of(string name, EbpfMap map, SafeFileHandle handle) => map.Type is "ringbuf" or "perf_event_array"
        ? new EventBuffer(name, map.Type == "perf_event_array", map.MaxEntries, KernelObjects.Duplicate(handle), [])
        : null;

    /// <summary>Whether maps of a type are such buffers.</summary>
    public static bool IsEventMap(uint type) => type is PerfEventArray or RingBuffer;

    /// <summary>Makes the reader, unless it is there. What is written into a perf event array before is lost.</summary>
    public IRecordReader Open()
    {
        lock (_opening)
        {
            return Reader ??= isPerfArray
                ? new PerfBufferReader(handle, Name, CpuBytes, maxEntries)
                : new RingBufferReader(handle, maxEntries);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Reader?.Dispose();
        handle.Dispose();
    }
}
