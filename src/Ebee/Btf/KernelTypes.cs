using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Btf;

/// <summary>
/// Names of types in BTF that the kernel holds: its own, its modules', the programs'. Read when first asked for, and kept
/// until this is disposed.
/// </summary>
internal sealed unsafe class KernelTypes : IDisposable
{
    private readonly Dictionary<uint, nint> _loaded = [];
    private nint _kernel;

    /// <summary>The name of a type; null when the BTF is gone or has no such type. Object 0 is the kernel itself.</summary>
    public string? NameOf(uint objectId, uint typeId)
    {
        using LibBpfLog log = new(); // what libbpf says of BTF that it cannot read is of no use here
        nint btf = objectId == 0 || IsKernel(objectId, out bool isModule) ? Kernel() : Load(objectId, isModule);
        TypeHead* type = btf != 0 ? LibBpf.btf__type_by_id(btf, typeId) : null;
        return type != null ? Marshal.PtrToStringUTF8(LibBpf.btf__name_by_offset(btf, type->NameOff)) : null;
    }

    /// <summary>The name of an enumerator of the running kernel without its prefix, in lower case; null when there is none.</summary>
    public string? EnumeratorOf(string enumeration, string prefix, uint value) =>
        EnumeratorsOf(enumeration, prefix).FirstOrDefault(enumerator => enumerator.Value == value).Name;

    /// <summary>The enumerators of the running kernel that have a prefix, without it and in lower case; empty when it has none.</summary>
    public List<(string Name, uint Value)> EnumeratorsOf(string enumeration, string prefix)
    {
        List<(string, uint)> enumerators = [];
        uint id = IdOf(BtfKind.Enum, enumeration);
        if (id == 0)
        {
            return enumerators;
        }
        nint btf = Kernel();
        TypeHead* type = LibBpf.btf__type_by_id(btf, id);
        BtfEnum* values = (BtfEnum*)(type + 1);
        for (int i = 0; i < (type->Info & 0xffff); i++)
        {
            if (Marshal.PtrToStringUTF8(LibBpf.btf__name_by_offset(btf, values[i].NameOff)) is { } name
                && name.StartsWith(prefix, StringComparison.Ordinal))
            {
                enumerators.Add((name[prefix.Length..].ToLowerInvariant(), (uint)values[i].Val));
            }
        }
        return enumerators;
    }

    /// <summary>The number of a type of the running kernel; 0 when it has none of that name.</summary>
    public uint IdOf(BtfKind kind, string name)
    {
        using LibBpfLog log = new();
        nint btf = Kernel();
        return btf != 0 ? (uint)Math.Max(0, LibBpf.btf__find_by_name_kind(btf, name, (uint)kind)) : 0;
    }

    /// <summary>Bytes of a struct of the running kernel; -1 when it has none of that name.</summary>
    public int StructSize(string name)
    {
        uint id = IdOf(BtfKind.Struct, name);
        return id != 0 ? (int)LibBpf.btf__type_by_id(Kernel(), id)->SizeOrType : -1;
    }

    /// <summary>The place of a member among those of a struct of the running kernel; -1 when it has none of that name.</summary>
    public int MemberOf(uint structId, string member)
    {
        nint btf = Kernel();
        TypeHead* type = LibBpf.btf__type_by_id(btf, structId);
        uint* members = (uint*)(type + 1); // struct btf_member: name, type, offset
        for (int i = 0; i < (type->Info & 0xffff); i++)
        {
            if (Marshal.PtrToStringUTF8(LibBpf.btf__name_by_offset(btf, members[3 * i])) == member)
            {
                return i;
            }
        }
        return -1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (nint btf in _loaded.Values)
        {
            LibBpf.btf__free(btf);
        }
        LibBpf.btf__free(_kernel);
        _loaded.Clear();
        _kernel = 0;
    }

    private nint Kernel() => _kernel != 0 ? _kernel : _kernel = LibBpf.btf__load_vmlinux_btf();

    private nint Load(uint id, bool isModule)
    {
        if (!_loaded.TryGetValue(id, out nint btf))
        {
            _loaded[id] = btf = LibBpf.btf__load_from_kernel_by_id_split(id, isModule ? Kernel() : 0);
        }
        return btf;
    }

    // The kernel's own BTF has an id too; a module's continues the kernel's.
    private static bool IsKernel(uint id, out bool isModule)
    {
        isModule = false;
        int fd = LibBpf.bpf_btf_get_fd_by_id(id);
        if (fd < 0)
        {
            return false;
        }
        using SafeFileHandle handle = new(fd, ownsHandle: true);
        byte* name = stackalloc byte[64];
        BpfBtfInfo info = new() { Name = (ulong)name, NameLen = 64 };
        uint size = (uint)sizeof(BpfBtfInfo);
        if (LibBpf.bpf_obj_get_info_by_fd(fd, &info, ref size) < 0 || info.KernelBtf == 0)
        {
            return false;
        }
        isModule = Marshal.PtrToStringUTF8((nint)name) != "vmlinux";
        return !isModule;
    }
}
