using Ebee.Native;

namespace Ebee.Programs;

/// <summary>A file of a bpffs and what this process pinned or found there.</summary>
/// <param name="Name">The file's name.</param>
/// <param name="Kind">The kind of object, as the kernel names its descriptors.</param>
/// <param name="Id">The object's number among those of its kind.</param>
internal readonly unsafe record struct Pinned(string Name, string? Kind, uint Id)
{
    /// <summary>What a descriptor of a map, a program or a link is of.</summary>
    public static Pinned Of(string name, int fd)
    {
        // struct bpf_map_info, bpf_prog_info and bpf_link_info begin alike: the type, and the id.
        uint* info = stackalloc uint[2] { 0, 0 };
        uint size = 2 * sizeof(uint);
        int result = LibBpf.bpf_obj_get_info_by_fd(fd, info, ref size);
        // A link that was made here is a bpf_link, one that was opened a bpf-link.
        return result == 0 ? new Pinned(name, new FileInfo($"/proc/self/fd/{fd}").LinkTarget?.Replace('_', '-'), info[1])
            : throw KernelErrors.Inventory("what is pinned", -result);
    }
}
