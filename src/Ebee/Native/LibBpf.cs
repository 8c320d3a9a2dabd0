using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>The part of libbpf 1.0's interface that Ebee calls. Names are libbpf's own.</summary>
internal static unsafe partial class LibBpf
{
    internal const string Library = "libbpf.so.1";

    /// <summary>The options of <c>bpf_object__open_mem</c> up to the one used; libbpf zero-extends by <c>sz</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfObjectOpenOpts
    {
        public nuint Size;
        public byte* ObjectName;
        public nuint RelaxedMaps;
        public byte* PinRootPath;
        public nuint Unused;
        public byte* KernelConfig;
        public byte* CustomBtfPath;
    }

    [LibraryImport(Library)]
    internal static partial delegate* unmanaged[Cdecl]<int, byte*, nint, int> libbpf_set_print(
        delegate* unmanaged[Cdecl]<int, byte*, nint, int> print);

    [LibraryImport(Library)]
    internal static partial int libbpf_num_possible_cpus();

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_object__open_mem(void* data, nuint size, BpfObjectOpenOpts* options);

    [LibraryImport(Library)]
    internal static partial int bpf_object__load(BpfObjectHandle obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__btf(BpfObjectHandle obj);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(BpfObjectHandle obj, string name);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_autoload(nint program, [MarshalAs(UnmanagedType.U1)] bool autoload);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_program__set_attach_target(nint program, int attachProgramFd, string function);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_link__destroy(nint link);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_max_entries(nint map, uint maxEntries);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_autocreate(nint map, [MarshalAs(UnmanagedType.U1)] bool autocreate);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__map_flags(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_map_flags(nint map, uint flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map__reuse_fd(nint map, int fd);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__key_size(nint map);

    [LibraryImport(Library)]
    internal static partial void* bpf_map__initial_value(nint map, out nuint size);

    [LibraryImport(Library)]
    internal static partial int bpf_map_update_elem(int fd, void* key, void* value, ulong flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map_lookup_elem(int fd, void* key, void* value);

    [LibraryImport(Library)]
    internal static partial int bpf_map_delete_elem(int fd, void* key);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_next_id(uint start, out uint next);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_get_next_id(uint start, out uint next);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_link_get_next_id(uint start, out uint next);

    [LibraryImport(Library)]
    internal static partial int bpf_link_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial int bpf_btf_get_fd_by_id(uint id);

    [LibraryImport(Library)]
    internal static partial nint libbpf_bpf_prog_type_str(uint type);

    [LibraryImport(Library)]
    internal static partial nint libbpf_bpf_map_type_str(uint type);

    [LibraryImport(Library)]
    internal static partial nint libbpf_bpf_link_type_str(uint type);

    [LibraryImport(Library)]
    internal static partial nint libbpf_bpf_attach_type_str(uint type);

    [LibraryImport(Library)]
    internal static partial nint btf__load_vmlinux_btf();

    [LibraryImport(Library)]
    internal static partial nint btf__load_from_kernel_by_id_split(uint id, nint baseBtf);

    [LibraryImport(Library)]
    internal static partial void* btf__raw_data(nint btf, out uint size);

    [LibraryImport(Library)]
    internal static partial Ebee.Bindings.TypeHead* btf__type_by_id(nint btf, uint id);

    [LibraryImport(Library)]
    internal static partial nint btf__name_by_offset(nint btf, uint offset);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int btf__find_by_name_kind(nint btf, string name, uint kind);

    [LibraryImport(Library)]
    internal static partial int bpf_obj_get_info_by_fd(int fd, void* info, ref uint length);

    [LibraryImport(Library)]
    internal static partial void btf__free(nint btf);
}
