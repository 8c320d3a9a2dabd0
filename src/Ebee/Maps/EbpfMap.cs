using Ebee.Native;
using Microsoft.Win32.SafeHandles;

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

    /// <summary>A descriptor of it, of the probe that it came from; null when it was listed.</summary>
    internal SafeFileHandle? Handle { get; init; }

    /// <summary>The types of the object that it came from; null when it was listed.</summary>
    internal Btf.BtfBlob? Types { get; init; }

    /// <summary>The number of its key's type in its BTF; 0 when it has none.</summary>
    internal uint KeyTypeId { get; init; }

    /// <summary>The number of its value's type in its BTF; 0 when it has none.</summary>
    internal uint ValueTypeId { get; init; }

    /// <summary>Opens it: by its probe's descriptor while that runs, else by its id, which needs CAP_SYS_ADMIN.</summary>
    /// <exception cref="EbpfException">It has gone, or this process may not open it.</exception>
    internal SafeFileHandle Open() => KernelObjects.Maps.Open(Handle, Id)
        ?? throw new EbpfException(EbpfError.MapNotFound, $"The map {this} is not there any more.", "List them: Get-EbpfMap.");

    /// <summary>Its name and id.</summary>
    public override string ToString() => $"{Name} ({Id})";
}
