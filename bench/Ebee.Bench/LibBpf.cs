using System.Runtime.InteropServices;

namespace Ebee.Bench;

/// <summary>The part of libbpf that only the bench calls. Names are libbpf's own.</summary>
internal static unsafe partial class LibBpf
{
    private const string Library = "libbpf.so.1";

    [LibraryImport(Library, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__open_file(string path, void* options);

    [LibraryImport(Library, SetLastError = true)]
    internal static partial int bpf_object__load(nint obj);

    [LibraryImport(Library)]
    internal static partial void bpf_object__close(nint obj);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_map_by_name(nint obj, string name);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint bpf_object__find_program_by_name(nint obj, string name);

    [LibraryImport(Library)]
    internal static partial int bpf_map__fd(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__reuse_fd(nint map, int fd);

    [LibraryImport(Library)]
    internal static partial uint bpf_map__value_size(nint map);

    [LibraryImport(Library)]
    internal static partial int bpf_map__update_elem(nint map, void* key, nuint keySize, void* value, nuint valueSize, ulong flags);

    [LibraryImport(Library)]
    internal static partial int bpf_program__fd(nint program);

    [LibraryImport(Library)]
    internal static partial int bpf_prog_test_run_opts(int program, TestRunOptions* options);

    [LibraryImport(Library)]
    internal static partial int bpf_map_get_fd_by_id(uint id);

    [LibraryImport("libc")]
    internal static partial int close(int fd);

    /// <summary>struct bpf_test_run_opts, as far as it is used.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    internal struct TestRunOptions
    {
        [FieldOffset(0)]
        public nuint Size;
        [FieldOffset(56)]
        public uint ReturnValue;
    }

    internal static int Check(int result, string what) =>
        result >= 0 ? result : throw new InvalidOperationException($"{what}: error {-result}.");
}
