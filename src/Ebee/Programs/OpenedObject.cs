using Ebee.Host;
using System.Runtime.CompilerServices;
using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Events;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs.Attaching;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>The second phase: sizes, globals and what is to be loaded can be set. Next: <see cref="Load"/>.</summary>
internal sealed unsafe class OpenedObject : IDisposable
{
    private readonly BpfObjectHandle _handle;
    private readonly ObjectMaps _maps;
    private readonly SafeFileHandle? _kernelBtf; // libbpf reads it when it loads
    private readonly ObjectCheck? _check;
    private readonly CancellationToken _cancellation;
    private readonly Lazy<BtfBlob?> _types;

    // What was set and libbpf does not tell.
    private readonly List<(ObjectProgram Program, string Function)> _attachTargets = [];
    private readonly List<(string Map, int Offset, byte[] Value)> _initialValues = [];
    private bool _loaded;

    internal OpenedObject(string name, BpfObjectHandle handle, SafeFileHandle? kernelBtf, ObjectCheck? check, CancellationToken cancellation)
    {
        _kernelBtf = kernelBtf;
        _check = check;
        _cancellation = cancellation;
        Name = name;
        _handle = handle;
        _maps = new ObjectMaps(handle);
        _types = new(ReadTypes);
    }

    public string Name { get; }

    /// <summary>Its types, with what libbpf knows of its variables' places; null when it has none.</summary>
    public BtfBlob? Types => _types.Value;

    /// <summary>All its programs, in the order of the file.</summary>
    public IEnumerable<ObjectProgram> Programs => ProgramsOf(_handle);

    /// <summary>The names of its maps, those of its variables too.</summary>
    public IEnumerable<string> MapNames => _maps.All.Select(_maps.NameOf);

    // Maps of sockets and devices want CAP_NET_ADMIN too (enum bpf_map_type).
    private bool IsNetwork => Programs.Any(program => program.IsEnabled && program.IsNetwork) || _maps.All.Any(map => LibBpf.bpf_map__type(map) is 14 or 15 or 17 or 18 or 25);

    internal static IEnumerable<ObjectProgram> ProgramsOf(BpfObjectHandle handle)
    {
        for (nint program = LibBpf.bpf_object__next_program(handle, 0); program != 0; program = LibBpf.bpf_object__next_program(handle, program))
        {
            yield return new ObjectProgram(program);
        }
    }

    /// <summary>Has a program loaded that its section marks as optional.</summary>
    public void Enable(string program) => LibBpf.bpf_program__set_autoload(FindProgram(program), true);

    /// <summary>Has these programs loaded and no others.</summary>
    public void EnableOnly(IReadOnlyCollection<ObjectProgram> programs)
    {
        foreach (ObjectProgram program in Programs)
        {
            _ = LibBpf.bpf_program__set_autoload(program.Handle, programs.Contains(program));
        }
    }

    /// <summary>Sets the entries of a map: for a ring buffer its bytes, a power of two and a multiple of a page.</summary>
    public void ResizeMap(string map, uint maxEntries)
    {
        int result = LibBpf.bpf_map__set_max_entries(FindMap(map), maxEntries);
        if (result < 0)
        {
            throw KernelErrors.Map(map, "resize", -result);
        }
    }

    /// <summary>Has the kernel take memory for an entry of a map when it is made, and not for all before.</summary>
    public void AllocateWhenUsed(string map)
    {
        const uint NoPreallocation = 1; // BPF_F_NO_PREALLOC
        nint found = FindMap(map);
        _ = LibBpf.bpf_map__set_map_flags(found, LibBpf.bpf_map__map_flags(found) | NoPreallocation);
    }

    /// <summary>Has the object use a map that exists, in place of making its own.</summary>
    public void ReuseMap(string map, SafeFileHandle existing)
    {
        nint own = FindMap(map);
        int result = LibBpf.bpf_map__reuse_fd(own, existing);
        if (result < 0)
        {
            throw KernelErrors.Map(map, "reuse", -result);
        }
        _maps.KeepName(own, map);
    }

    /// <summary>
    /// Has libbpf pin no map by itself, and make ring buffers whose definition names a value type: the kernel refuses these, and
    /// the type is for whoever reads the ring. What registers a struct of functions is to be a link.
    /// </summary>
    public void PrepareMaps()
    {
        foreach (nint map in _maps.All)
        {
            _ = LibBpf.bpf_map__set_pin_path(map, null);
            if (StructOps.IsMap(map))
            {
                StructOps.Prepare(map);
            }
            if (LibBpf.bpf_map__type(map) == EventBuffer.RingBuffer)
            {
                _ = LibBpf.bpf_map__set_key_size(map, 0);
                _ = LibBpf.bpf_map__set_value_size(map, 0);
            }
            if (LibBpf.bpf_map__type(map) == EventBuffer.PerfEventArray)
            {
                // The kernel keeps descriptors there, whatever type of events the definition names.
                _ = LibBpf.bpf_map__set_key_size(map, sizeof(int));
                _ = LibBpf.bpf_map__set_value_size(map, sizeof(int));
            }
        }
    }

    /// <summary>Creates no task storage where the kernel has none (before Linux 5.11): its programs ask before they use it.</summary>
    public void LeaveOutMissingMaps()
    {
        const uint TaskStorage = (uint)BpfMapType.BpfMapTypeTaskStorage;
        foreach (nint map in _maps.All.Where(map => LibBpf.bpf_map__type(map) == TaskStorage))
        {
            if (LibBpf.libbpf_probe_bpf_map_type(TaskStorage, null) == 0)
            {
                _ = LibBpf.bpf_map__set_autocreate(map, false);
            }
        }
    }

    /// <summary>Whether a map is a perf event array.</summary>
    public bool IsPerfEventArray(string map) => LibBpf.bpf_map__type(FindMap(map)) == Events.EventBuffer.PerfEventArray;

    /// <summary>A map as it is to be created.</summary>
    /// <exception cref="EbpfException">The object has none of that name.</exception>
    public BpfMap Map(string name) => BpfMap.Of(_handle, FindMap(name), name);

    /// <summary>Sets a global or const volatile variable, by its type in BTF.</summary>
    /// <exception cref="EbpfException">There is none of that name, or the value does not fit its type.</exception>
    public void SetGlobal(string name, object? value)
    {
        BtfBlob types = Types ?? throw new EbpfException(EbpfError.GlobalNotFound, $"The object {Name} has no BTF, so its variables are not known.",
            "Compile it with -g, and do not strip .BTF.");
        List<string> names = [];
        foreach (BtfType section in types.Types.Where(type => type.Kind == BtfKind.DataSection && type.Name is not (".maps" or "license" or "version")))
        {
            foreach ((int id, int offset, int size) in section.Variables)
            {
                BtfType variable = types.Types[id];
                names.Add(variable.Name);
                if (variable.Kind == BtfKind.Variable && variable.Name == name)
                {
                    SetInitialValue(section.Name, offset, Encode(name, types, variable.Target, value, size));
                    return;
                }
            }
        }
        throw new EbpfException(EbpfError.GlobalNotFound, $"The object {Name} has no global variable '{name}'.",
            names.Count > 0 ? $"It has these: {string.Join(", ", names)}." : "It has none. The compiler removes those that no program uses.");
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
                Unsafe.WriteUnaligned(data + entry[1], value);
                return;
            }
        }
        throw new InvalidOperationException($"{Name} has no constant {variable}.");
    }

    /// <summary>Says which function or tracepoint of the kernel a program is for, when its section does not.</summary>
    /// <returns>0, or libbpf's negative error number.</returns>
    public int SetAttachTarget(ObjectProgram program, string function)
    {
        _attachTargets.Add((program, function));
        return LibBpf.bpf_program__set_attach_target(program.Handle, 0, function);
    }

    /// <summary>Sets a part of what a map of variables (.data, .bss, .rodata) begins with.</summary>
    /// <exception cref="EbpfException">The object has no such map, or it is shorter.</exception>
    public void SetInitialValue(string map, int offset, ReadOnlySpan<byte> value)
    {
        byte* data = (byte*)LibBpf.bpf_map__initial_value(FindMap(map), out nuint size);
        if (data is null || offset < 0 || (ulong)offset + (ulong)value.Length > size)
        {
            throw new EbpfException(EbpfError.InvalidObject, $"The map {map} of the object {Name} has no bytes {offset} to {offset + value.Length}.",
                "Compile the object again: what its types say of its variables is not so.");
        }
        value.CopyTo(new Span<byte>(data + offset, value.Length));
        _initialValues.Add((map, offset, value.ToArray()));
    }

    /// <summary>Loads maps and enabled programs into the kernel. This phase ends here.</summary>
    /// <exception cref="EbpfException">The kernel refuses it, or libbpf does not survive it in the process that tries it first.</exception>
    public LoadedObject Load()
    {
        using LibBpfLog log = new();
        LoadHere(log);
        KernelSymbols.Forget();
        return new LoadedObject(Name, _handle, _maps);
    }

    /// <summary>Has the verifier look at the enabled programs, and count. This phase ends here, and the programs go with it.</summary>
    /// <exception cref="EbpfException">The kernel refuses it, or libbpf does not survive it in the process that tries it first.</exception>
    public List<VerifierStatistics> Verify()
    {
        foreach (ObjectProgram program in Programs.Where(program => program.IsEnabled))
        {
            _ = LibBpf.bpf_program__set_log_level(program.Handle, VerifierStatistics.LogLevel);
        }
        using LibBpfLog log = new(withLoadLogs: true);
        LoadHere(log);
        _loaded = false; // so that it is freed with this
        return VerifierStatistics.Parse(log.Text);
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

    private void LoadHere(LibBpfLog log)
    {
        // What a verifier says can be longer than what the other process may write: then it is asked again, from here.
        if (_check?.Load(Settings()) is { Phase: not CheckPhase.Done } refused && !VerifierLog.IsCut(refused.Log))
        {
            throw Refused(refused.Errno, refused.Log);
        }
        _cancellation.ThrowIfCancellationRequested();
        int result = LibBpf.bpf_object__load(_handle);
        _cancellation.ThrowIfCancellationRequested();
        if (result < 0)
        {
            throw Refused(-result, log.Text);
        }
        _loaded = true;
    }

    private EbpfException Refused(int errno, string log) =>
        KernelErrors.Load(Name, errno, log, _check is null ? default : _check.Elf, IsNetwork, [.. _maps.All.Select(_maps.Describe)]);

    private byte[] Encode(string name, BtfBlob types, int type, object? value, int size)
    {
        try
        {
            BtfCodec codec = BtfCodec.For(types, type);
            byte[] bytes = codec.Size == size ? new byte[size] : throw new InvalidDataException($"its type has {codec.Size} bytes and it {size}");
            codec.Encode(value, bytes);
            return bytes;
        }
        catch (InvalidDataException e)
        {
            throw new EbpfException(EbpfError.InvalidObject, $"The global variable {name} of the object {Name} cannot be set: {e.Message.TrimEnd('.')}.",
                "Compile the object again: what its types say of its variables is not so.", inner: e);
        }
        catch (EbpfException e) when (e.Error == EbpfError.InvalidValue)
        {
            throw new EbpfException(e.Error, $"The global variable {name} cannot be set: {e.Message}", e.RecommendedAction, inner: e);
        }
    }

    private BtfBlob? ReadTypes()
    {
        nint btf = LibBpf.bpf_object__btf(_handle);
        if (btf == 0)
        {
            return null;
        }
        void* data = LibBpf.btf__raw_data(btf, out uint size);
        try
        {
            return data is null ? null : BtfBlob.Parse(new ReadOnlySpan<byte>(data, (int)size)).CheckReferences();
        }
        catch (InvalidDataException e)
        {
            throw new EbpfException(EbpfError.InvalidObject, $"The types of the object {Name} cannot be read: {e.Message}", "Compile it again: clang -g.", inner: e);
        }
    }

    // All that was set, for whom tries it first.
    private CheckSettings Settings()
    {
        CheckSettings settings = new();
        List<ObjectProgram> programs = [.. Programs];
        for (int i = 0; i < programs.Count; i++)
        {
            settings.AddProgram(i, programs[i].IsEnabled, programs[i].Type, programs[i].AttachType);
        }
        foreach ((ObjectProgram program, string function) in _attachTargets)
        {
            settings.AddAttachTarget(programs.IndexOf(program), function);
        }
        List<nint> maps = [.. _maps.All];
        for (int i = 0; i < maps.Count; i++)
        {
            if (LibBpf.bpf_map__fd(maps[i]) is >= 0 and int fd)
            {
                settings.AddReusedMap(i, fd);
            }
            else
            {
                settings.AddMap(i, LibBpf.bpf_map__max_entries(maps[i]), LibBpf.bpf_map__key_size(maps[i]), LibBpf.bpf_map__value_size(maps[i]));
            }
        }
        foreach ((string map, int offset, byte[] value) in _initialValues)
        {
            settings.AddInitialValue(maps.IndexOf(FindMap(map)), offset, value);
        }
        return settings;
    }

    private nint FindProgram(string name)
    {
        nint program = LibBpf.bpf_object__find_program_by_name(_handle, name);
        return program != 0 ? program : throw new InvalidOperationException($"{Name} has no program {name}.");
    }

    private nint FindMap(string name)
    {
        nint map = _maps.Find(name);
        return map != 0 ? map : throw new EbpfException(EbpfError.MapNotFound, $"The object {Name} has no map '{name}'.",
            $"It has these: {string.Join(", ", MapNames)}.");
    }
}
