using System.Runtime.InteropServices;
using Ebee.Maps;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>The maps of an object (<c>struct bpf_map</c>), before and after it is loaded.</summary>
internal sealed class ObjectMaps(BpfObjectHandle handle)
{
    private readonly Dictionary<nint, string> _reused = []; // libbpf gives them the names of the others

    /// <summary>All, in the order of the file.</summary>
    public IEnumerable<nint> All
    {
        get
        {
            for (nint map = LibBpf.bpf_object__next_map(handle, 0); map != 0; map = LibBpf.bpf_object__next_map(handle, map))
            {
                yield return map;
            }
        }
    }

    /// <summary>The name that the object gives it, whatever map stands for it.</summary>
    public string NameOf(nint map) => _reused.GetValueOrDefault(map) ?? Marshal.PtrToStringUTF8(LibBpf.bpf_map__name(map)) ?? "";

    /// <summary>What is known of it.</summary>
    public BpfMap Describe(nint map) => BpfMap.Of(handle, map, NameOf(map));

    /// <summary>The map of a name; 0 when there is none. Of maps of variables, libbpf knows a shorter name too: .rodata.</summary>
    public nint Find(string name)
    {
        nint map = _reused.Count == 0 ? 0 : All.FirstOrDefault(map => NameOf(map) == name);
        return map == 0 && (_reused.Count == 0 || name.StartsWith('.')) ? LibBpf.bpf_object__find_map_by_name(handle, name) : map;
    }

    /// <summary>Keeps the name of one for which another is about to stand.</summary>
    public void KeepName(nint map, string name) => _reused[map] = name;
}
