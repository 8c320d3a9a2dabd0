using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>A map that events are written into: a ring buffer or a perf event array. Opened for reading when it is first needed.</summary>
/// <param name="name">The map's name.</param>
/// <param name="type">The kernel's number of its type.</param>
/// <param name="maxEntries">Its max_entries: of a ring buffer its bytes.</param>
/// <param name="handle">A descriptor of the map, which is this one's from now on.</param>
/// <param name="outputs">The places in the programs where they write into it.</param>
internal sealed class EventBuffer(string name, uint type, uint maxEntries, SafeFileHandle handle, IReadOnlyList<EventOutput> outputs) : IDisposable
{
    private const uint PerfEventArray = 4, RingBuffer = 27; // BPF_MAP_TYPE_…
    private const uint DefaultCpuBytes = 512 << 10; // what any user may lock for each CPU (perf_event_mlock_kb)

    public string Name { get; } = name;

    public IReadOnlyList<EventOutput> Outputs { get; } = outputs;

    /// <summary>Whether its records have up to seven bytes more than were written.</summary>
    public bool IsPadded => type == PerfEventArray;

    /// <summary>Of a perf event array, the bytes for each CPU: a page times a power of two.</summary>
    public uint CpuBytes { get; init; } = DefaultCpuBytes;

    /// <summary>The reader; null while nobody has asked for it.</summary>
    public IRecordReader? Reader { get; private set; }

    /// <summary>Whether maps of a type are such buffers.</summary>
    public static bool IsEventMap(uint type) => type is PerfEventArray or RingBuffer;

    /// <summary>Makes the reader. What is written into a perf event array before is lost.</summary>
    public IRecordReader Open() => Reader ??= type == RingBuffer
        ? new RingBufferReader((int)handle.DangerousGetHandle(), maxEntries)
        : new PerfBufferReader((int)handle.DangerousGetHandle(), Name, CpuBytes, maxEntries);

    /// <inheritdoc/>
    public void Dispose()
    {
        Reader?.Dispose();
        handle.Dispose();
    }
}
