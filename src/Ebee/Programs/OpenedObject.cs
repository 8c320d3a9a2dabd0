using Ebee.Btf;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>The second phase: sizes, globals and what is to be loaded can be set. Next: <see cref="Load"/>.</summary>
internal sealed unsafe class OpenedObject : IDisposable
{
    private readonly BpfObjectHandle _handle;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle? _kernelBtf; // libbpf reads it when it loads
    private bool _loaded;

    internal OpenedObject(string name, BpfObjectHandle handle, Microsoft.Win32.SafeHandles.SafeFileHandle? kernelBtf)
    {
        _kernelBtf = kernelBtf;
        Name = name;
        _handle = handle;
    }

    public string Name { get; }

    /// <summary>Has a program loaded that its section marks as optional.</summary>
    public void Enable(string program) => LibBpf.bpf_program__set_autoload(FindProgram(program), true);

    /// <summary>Sets the entries of a map: for a ring buffer its bytes, a power of two and a multiple of a page.</summary>
    public void ResizeMap(string map, uint maxEntries)
    {
        int result = LibBpf.bpf_map__set_max_entries(FindMap(map), maxEntries);
        if (result < 0)
        {
            throw KernelErrors.Map(map, "resize", -result);
        }
    }

    /// <summary>Has the object use a map that exists, in place of making its own.</summary>
    public void ReuseMap(string map, int fd)
    {
        int result = LibBpf.bpf_map__reuse_fd(FindMap(map), fd);
        if (result < 0)
        {
            throw KernelErrors.Map(map, "reuse", -result);
        }
    }

    /// <summary>Sets a const volatile global; its type must be the bindings' struct of the C type.</summary>
    public void SetConstant<T>(string variable, in T value) where T : unmanaged
    {
        nint btf = LibBpf.bpf_object__btf(_handle);
        int section = LibBpf.btf__find_by_name_kind(btf, ".rodata", (uint)BtfKind.DataSection);
        int wanted = LibBpf.btf__find_by_name_kind(btf, variable, (uint)BtfKind.Variable);
        if (section < 0 || wanted < 0)
        {
            throw new InvalidOperationException($"{Name} has no constant {variable}.");
        }
        // struct btf_type, then a struct btf_var_secinfo for each variable: its type, its offset, its size.
        int* type = (int*)LibBpf.btf__type_by_id(btf, (uint)section);
        for (int* entry = type + 3, end = entry + 3 * (type[1] & 0xffff); entry < end; entry += 3)
        {
            if (entry[0] == wanted)
            {
                if (entry[2] != sizeof(T))
                {
                    throw new InvalidOperationException($"{variable} has {entry[2]} bytes, not {sizeof(T)}.");
                }
                byte* data = (byte*)LibBpf.bpf_map__initial_value(FindMap(".rodata"), out _);
                System.Runtime.CompilerServices.Unsafe.WriteUnaligned(data + entry[1], value);
                return;
            }
        }
        throw new InvalidOperationException($"{Name} has no constant {variable}.");
    }

    /// <summary>Loads maps and enabled programs into the kernel. This phase ends here.</summary>
    public LoadedObject Load()
    {
        using LibBpfLog log = new();
        int result = LibBpf.bpf_object__load(_handle);
        if (result < 0)
        {
            throw KernelErrors.Load(Name, -result, log.Text);
        }
        _loaded = true;
        return new LoadedObject(Name, _handle);
    }

    /// <summary>Frees the object, unless it has reached the next phase.</summary>
    public void Dispose()
    {
        _kernelBtf?.Dispose();
        if (!_loaded)
        {
            _handle.Dispose();
        }
    }

    private nint FindProgram(string name)
    {
        nint program = LibBpf.bpf_object__find_program_by_name(_handle, name);
        return program != 0 ? program : throw new InvalidOperationException($"{Name} has no program {name}.");
    }

    private nint FindMap(string name)
    {
        nint map = LibBpf.bpf_object__find_map_by_name(_handle, name);
        return map != 0 ? map : throw new InvalidOperationException($"{Name} has no map {name}.");
    }
}
