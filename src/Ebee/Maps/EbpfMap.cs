namespace Ebee.Maps;

/// <summary>A map that the kernel holds, as it was when it was listed.</summary>
public sealed class EbpfMap
{
    internal EbpfMap()
    {
    }

    /// <summary>The kernel's id of it.</summary>
    public uint Id { get; internal init; }

    /// <summary>Its name, of which the kernel keeps 15 bytes; empty when it has none.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>The kind of map, as bpftool names it: hash, array, percpu_array, ringbuf.</summary>
    public string Type { get; internal init; } = "";

    /// <summary>Bytes of a key.</summary>
    public uint KeySize { get; internal init; }

    /// <summary>Bytes of a value.</summary>
    public uint ValueSize { get; internal init; }

    /// <summary>How many entries it can have; for a ring buffer its bytes.</summary>
    public uint MaxEntries { get; internal init; }

    /// <summary>The flags it was made with (BPF_F_… of linux/bpf.h).</summary>
    public uint Flags { get; internal init; }

    /// <summary>Bytes of kernel memory that it is charged with.</summary>
    public ulong? MemoryLockedBytes { get; internal init; }

    /// <summary>The id of its BTF; null when it has none.</summary>
    public uint? BtfId { get; internal init; }

    /// <summary>Whether it can no longer be written to from outside of the kernel.</summary>
    public bool Frozen { get; internal init; }

    /// <summary>The processes that hold it open.</summary>
    public int[] ProcessId { get; internal init; } = [];

    /// <summary>The names of these processes, in the same order.</summary>
    public string[] ProcessName { get; internal init; } = [];
}
