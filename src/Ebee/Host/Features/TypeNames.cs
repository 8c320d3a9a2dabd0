using System.Runtime.InteropServices;
using Ebee.Btf;
using Ebee.Native;

namespace Ebee.Host.Features;

/// <summary>The types of programs and maps that libbpf or the running kernel knows, by name and number.</summary>
internal static class TypeNames
{
    /// <summary>Of programs.</summary>
    public static List<(string Name, uint Number)> OfPrograms(KernelTypes types) =>
        All(LibBpf.libbpf_bpf_prog_type_str, types.EnumeratorsOf("bpf_prog_type", "BPF_PROG_TYPE_"));

    /// <summary>Of maps.</summary>
    public static List<(string Name, uint Number)> OfMaps(KernelTypes types) =>
        All(LibBpf.libbpf_bpf_map_type_str, types.EnumeratorsOf("bpf_map_type", "BPF_MAP_TYPE_"));

    // Number 0 is the type of nothing. What is newer than libbpf, the kernel's BTF knows.
    private static List<(string Name, uint Number)> All(Func<uint, nint> nameOf, List<(string Name, uint Value)> enumerators)
    {
        List<(string, uint)> all = [];
        uint number = 1;
        for (; nameOf(number) is not 0 and nint name; number++)
        {
            all.Add((Marshal.PtrToStringUTF8(name)!, number));
        }
        all.AddRange(enumerators.Where(enumerator => enumerator.Value >= number).OrderBy(enumerator => enumerator.Value));
        return all;
    }
}
