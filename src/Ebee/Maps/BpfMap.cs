using System.Runtime.InteropServices;
using Ebee.Host;
using Ebee.Native;
using Ebee.Programs;

namespace Ebee.Maps;

/// <summary>A map of a loaded object. Keys and values are the bindings' structs.</summary>
internal sealed unsafe class BpfMap(string name, BpfObjectHandle owner, int fd, uint type, int keySize, int valueSize, uint maxEntries)
{
    public string Name { get; } = name;

    /// <summary>Its descriptor, which is the object's; -1 before it is loaded.</summary>
    public int Fd { get; } = fd;

    /// <summary>The kernel's number of its type (<c>enum bpf_map_type</c>).</summary>
    public uint Type { get; } = type;

    /// <summary>Its type's name, such as <c>hash</c>; null when libbpf is older than it.</summary>
    public string? TypeName => Marshal.PtrToStringUTF8(LibBpf.libbpf_bpf_map_type_str(Type));

    /// <summary>Its max_entries: of a ring buffer its bytes.</summary>
    public uint MaxEntries { get; } = maxEntries;

    /// <summary>In bytes.</summary>
    public int KeySize { get; } = keySize;

    /// <summary>In bytes; of a per-CPU map those for one CPU.</summary>
    public int ValueSize { get; } = valueSize;

    /// <summary>A map of an object, by its <c>struct bpf_map</c>.</summary>
    public static BpfMap Of(BpfObjectHandle owner, nint map, string name) => new(name, owner,
        LibBpf.bpf_map__fd(map), LibBpf.bpf_map__type(map), (int)LibBpf.bpf_map__key_size(map), (int)LibBpf.bpf_map__value_size(map),
        LibBpf.bpf_map__max_entries(map));

    /// <summary>Opens a map that is in the kernel, by its id.</summary>
    public static Microsoft.Win32.SafeHandles.SafeFileHandle OpenById(uint id)
    {
        int fd = LibBpf.bpf_map_get_fd_by_id(id);
        return fd >= 0 ? new Microsoft.Win32.SafeHandles.SafeFileHandle(fd, ownsHandle: true) : throw KernelErrors.Map($"{id}", "open", -fd);
    }

    /// <summary>Sets an entry; makes it when there is none.</summary>
    public void Update<TKey, TValue>(TKey key, TValue value) where TKey : unmanaged where TValue : unmanaged
    {
        CheckSizes(sizeof(TKey), sizeof(TValue));
        using HandleUse use = new(owner);
        int result = LibBpf.bpf_map_update_elem(Fd, &key, &value, 0);
        if (result < 0)
        {
            throw KernelErrors.Map(Name, "write to", -result);
        }
    }

    /// <summary>Removes an entry; false when there was none.</summary>
    public bool Delete<TKey>(TKey key) where TKey : unmanaged
    {
        CheckSizes(sizeof(TKey), ValueSize);
        using HandleUse use = new(owner);
        int result = LibBpf.bpf_map_delete_elem(Fd, &key);
        return result == 0 || (result == -Errno.Enoent ? false : throw KernelErrors.Map(Name, "delete from", -result));
    }

    /// <summary>Sums one entry of a per-CPU array of 64-bit values over the CPUs.</summary>
    public ulong SumPerCpu(uint key)
    {
        CheckSizes(sizeof(uint), sizeof(ulong));
        using HandleUse use = new(owner);
        Span<ulong> values = stackalloc ulong[Processors.PossibleCount];
        fixed (ulong* data = values)
        {
            int result = LibBpf.bpf_map_lookup_elem(Fd, &key, data);
            if (result < 0)
            {
                throw KernelErrors.Map(Name, "read", -result);
            }
        }
        ulong sum = 0;
        foreach (ulong value in values)
        {
            sum += value;
        }
        return sum;
    }

    private void CheckSizes(int key, int value)
    {
        if (key != KeySize || value != ValueSize)
        {
            throw new InvalidOperationException($"The map {Name} has keys of {KeySize} and values of {ValueSize} bytes.");
        }
    }
}
