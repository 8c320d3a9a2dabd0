using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>What reads and empties maps.</summary>
internal static unsafe partial class LibBpf
{
    /// <summary>bpf(2) BPF_MAP_LOOKUP_BATCH, Linux 5.6. The batches are places in the map; the count goes in and out.</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_batch(int fd, void* inBatch, void* outBatch, void* keys, void* values, uint* count, void* options);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_next_key(int fd, void* key, void* nextKey);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_and_delete_elem(int fd, void* key, void* value);

    /// <summary>Whether the map is created at load; instructions that name one that is not end a program (libbpf 0.8).</summary>
    [LibraryImport(Library)]
    internal static partial int bpf_map__set_autocreate(nint map, [MarshalAs(UnmanagedType.U1)] bool autocreate);
}
