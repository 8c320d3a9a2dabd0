using System.Runtime.InteropServices;

namespace Ebee.Native;

internal static unsafe partial class LibBpf
{
    /// <summary><c>struct bpf_kprobe_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfKprobeOpts
    {
        public nuint Size;
        public ulong Cookie;
        public nuint Offset;
        public byte IsReturn;
    }

    /// <summary><c>struct bpf_kprobe_multi_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfKprobeMultiOpts
    {
        public nuint Size;
        public byte** Symbols;
        public nuint* Addresses;
        public ulong* Cookies;
        public nuint Count;
        public byte IsReturn;
    }

    /// <summary><c>struct bpf_ksyscall_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfKsyscallOpts
    {
        public nuint Size;
        public ulong Cookie;
        public byte IsReturn;
    }

    /// <summary><c>struct bpf_uprobe_opts</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfUprobeOpts
    {
        public nuint Size;
        public nuint ReferenceCounterOffset;
        public ulong Cookie;
        public byte IsReturn;
        public byte* FunctionName;
    }

    /// <summary><c>struct bpf_link_create_opts</c>, up to its flags; libbpf zero-extends by <c>sz</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct BpfLinkCreateOpts
    {
        public nuint Size;
        public uint Flags;
        private readonly uint _padding;
    }

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_program(BpfObjectHandle obj, nint previous);

    [LibraryImport(Library)]
    internal static partial nint bpf_object__next_map(BpfObjectHandle obj, nint previous);

    [LibraryImport(Library)]
    internal static partial nint bpf_program__name(nint program);

    [LibraryImport(Library)]
    internal static partial nint bpf_program__section_name(nint program);

    [LibraryImport(Library)]
    internal static partial uint bpf_program__type(nint program);

    [LibraryImport(Library)]
    internal static partial uint bpf_program__expected_attach_type(nint program);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool bpf_program__autoload(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_type(nint program, uint type);

    [LibraryImport(Library)]
    internal static partial int bpf_program__set_expected_attach_type(nint program, uint type);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_perf_event(nint program, SafeHandle perf);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_raw_tracepoint(nint program, string name);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_kprobe_opts(nint program, string function, BpfKprobeOpts* options);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_kprobe_multi_opts(nint program, string? pattern, BpfKprobeMultiOpts* options);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_ksyscall(nint program, string systemCall, BpfKsyscallOpts* options);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_uprobe_opts(nint program, int processId, string path, nuint offset, BpfUprobeOpts* options);

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_program__attach_usdt(nint program, int processId, string path, string provider, string name, void* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_cgroup(nint program, SafeHandle cgroup);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_netns(nint program, SafeHandle networkNamespace);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_program__attach_iter(nint program, void* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial nint bpf_map__attach_struct_ops(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_link__fd(nint link);

    [LibraryImport(Library)]
    internal static partial int bpf_link_detach(int fd);

    [LibraryImport(Library)]
    internal static partial void bpf_link__disconnect(nint link);

    [LibraryImport(Library)]
    internal static partial int bpf_link_create(int programFd, int targetFd, uint attachType, BpfLinkCreateOpts* options);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_attach(int programFd, int targetFd, uint attachType, uint flags);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_detach2(int programFd, int targetFd, uint attachType);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_obj_pin(int fd, string path);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_obj_get(string path);

    [LibraryImport(Library)]
    internal static partial int bpf_xdp_query_id(int interfaceIndex, int flags, uint* programId);

    [LibraryImport(Library)]
    internal static partial nint bpf_map__pin_path(nint map);

    [LibraryImport(Library)]
    internal static partial nint bpf_map__name(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__type(nint map);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__max_entries(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_value_size(nint map, uint size);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__map_flags(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_map_flags(nint map, uint flags);

    [LibraryImport(Library)]
    internal static partial int bpf_map__set_key_size(nint map, uint size);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int bpf_map__set_pin_path(nint map, string? path);
}
