using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>What reads and changes maps. A descriptor that is a number is libbpf's own: its object must be kept open meanwhile.</summary>
internal static unsafe partial class LibBpf
{
    [LibraryImport(Library)]
    internal static partial int bpf_map_update_elem(SafeHandle fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_elem(SafeHandle fd, void* key, void* value);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library)]
    internal static partial int bpf_map_delete_elem(SafeHandle fd, void* key);

    [LibraryImport(Library)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    /// <summary>bpf(2) BPF_MAP_LOOKUP_BATCH, Linux 5.6. The batches are places in the map; the count goes in and out.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_batch(SafeHandle fd, void* inBatch, void* outBatch, void* keys, void* values, uint* count, void* options);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_next_key(SafeHandle fd, void* key, void* nextKey);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_and_delete_elem(SafeHandle fd, void* key, void* value);

    /// <summary>Whether the map is created at load; instructions that name one that is not end a program (libbpf 0.8).</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map__set_autocreate(nint map, [MarshalAs(UnmanagedType.U1)] bool autocreate);
}
