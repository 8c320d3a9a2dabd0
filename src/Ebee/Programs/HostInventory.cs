using System.Runtime.InteropServices;
using System.Text;
using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Host;
using Ebee.Maps;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>
/// What the kernel holds of eBPF, whoever loaded it. What vanishes while it is listed is left out. Needs CAP_SYS_ADMIN.
/// </summary>
internal sealed unsafe class HostInventory : IDisposable
{
    private const int BufferSize = 4096; // PATH_MAX
    private readonly KernelTypes _types = new();
    private readonly long _bootUtcTicks = BootClock.BootUtcTicks();
    private readonly Lazy<BpfHolders>? _holders;
    private readonly EbpfProbe[] _own;

    /// <summary>Begins a listing.</summary>
    /// <param name="withHolders">Whether to look for the processes that hold the objects, which reads all of /proc.</param>
    /// <param name="own">Probes of this process, which are all that is shown where the kernel does not list the others'.</param>
    public HostInventory(bool withHolders = true, IEnumerable<EbpfProbe>? own = null)
    {
        _holders = withHolders ? new(BpfHolders.Scan) : null;
        _own = [.. own ?? []];
    }

    /// <summary>Whether only this process's own could be shown.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>How many processes did not let it be seen what they hold.</summary>
    public int UnreadableProcesses => _holders is { IsValueCreated: true } ? _holders.Value.Unreadable : 0;

    /// <summary>All programs.</summary>
    public IEnumerable<EbpfProgram> Programs() =>
        Listed(KernelObjects.Programs, Program, probe => probe.Programs.Where(p => !p.Handle.IsInvalid).Select(p => UnlessStopped(() => Program(p.Handle))).OfType<EbpfProgram>());

    /// <summary>All maps.</summary>
    public IEnumerable<EbpfMap> Maps() => Listed(KernelObjects.Maps, Map, probe => probe.Maps.Values);

    /// <summary>All links.</summary>
    public IEnumerable<EbpfLink> Links() =>
        Listed(KernelObjects.Links, Link, probe => probe.Programs.SelectMany(p => p.Link).Select(link => UnlessStopped(() =>
        {
            using SafeFileHandle handle = link.Duplicate();
            return Link(handle);
        })).OfType<EbpfLink>());

    /// <summary>One program; null when there is none of that id.</summary>
    public EbpfProgram? Program(uint id)
    {
        (int[] processes, string[] names) = Holders("prog_id", id);
        using SafeFileHandle? handle = KernelObjects.Programs.Open(id);
        return handle is null ? null : Program(handle, processes, names);
    }

    /// <summary>A program by a descriptor of it, which needs no CAP_SYS_ADMIN. Who holds it is not looked for.</summary>
    public EbpfProgram Program(SafeFileHandle handle) => Program(handle, [], []);

    private EbpfProgram Program(SafeFileHandle handle, int[] processes, string[] names)
    {
        BpfProgInfo info = default;
        KernelObjects.Programs.Read(handle, ref info);
        uint[] maps = new uint[info.NrMapIds];
        if (maps.Length > 0)
        {
            fixed (uint* data = maps)
            {
                BpfProgInfo request = new() { NrMapIds = (uint)maps.Length, MapIds = (ulong)data };
                KernelObjects.Programs.Read(handle, ref request);
                maps = maps[..(int)Math.Min((uint)maps.Length, request.NrMapIds)];
            }
        }
        return new EbpfProgram
        {
            Id = info.Id,
            Name = ProgramName(handle, info),
            Type = ProgramType(info.Type),
            AttachedTo = info.AttachBtfId != 0 ? TargetName(info.AttachBtfObjId, info.AttachBtfId) : null,
            Tag = Convert.ToHexStringLower(MemoryMarshal.AsBytes(new ReadOnlySpan<Bytes8>(in info.Tag))),
            GplCompatible = info.GplCompatible != 0,
            LoadTime = BootClock.ToLocalTime(_bootUtcTicks, info.LoadTime),
            UserId = info.CreatedByUid,
            UserName = UserDatabase.NameOf(info.CreatedByUid),
            TranslatedBytes = info.XlatedProgLen,
            JittedBytes = info.JitedProgLen,
            MemoryLockedBytes = KernelObjects.Detail(handle, "memlock"),
            MapId = maps,
            BtfId = info.BtfId != 0 ? info.BtfId : null,
            RunTimeNs = info.RunTimeNs,
            RunCount = info.RunCnt,
            RecursionMisses = info.RecursionMisses,
            VerifiedInstructions = info.VerifiedInsns,
            ProcessId = processes,
            ProcessName = names,
        };
    }

    /// <summary>One map; null when there is none of that id.</summary>
    public EbpfMap? Map(uint id)
    {
        (int[] processes, string[] names) = Holders("map_id", id);
        using SafeFileHandle? handle = KernelObjects.Maps.Open(id);
        return handle is null ? null : Map(handle, processes, names);
    }

    /// <summary>A map of this process's own, which needs no CAP_SYS_ADMIN.</summary>
    /// <param name="handle">A descriptor of it, which the object keeps.</param>
    /// <param name="types">The types of the object that it came from.</param>
    public EbpfMap Map(SafeFileHandle handle, BtfBlob? types) =>
        Map(handle, [Environment.ProcessId], [File.ReadAllText("/proc/self/comm").TrimEnd('\n')], isOwn: true, types);

    private EbpfMap Map(SafeFileHandle handle, int[] processes, string[] names, bool isOwn = false, BtfBlob? types = null)
    {
        BpfMapInfo info = default;
        KernelObjects.Maps.Read(handle, ref info);
        return new EbpfMap
        {
            Id = info.Id,
            Name = Text(info.Name),
            Type = Name(LibBpf.libbpf_bpf_map_type_str(info.Type), "bpf_map_type", "BPF_MAP_TYPE_", info.Type),
            KeySize = info.KeySize,
            ValueSize = info.ValueSize,
            MaxEntries = info.MaxEntries,
            Flags = info.MapFlags,
            MemoryLockedBytes = KernelObjects.Detail(handle, "memlock"),
            BtfId = info.BtfId != 0 ? info.BtfId : null,
            Frozen = KernelObjects.Detail(handle, "frozen") is > 0,
            ProcessId = processes,
            ProcessName = names,
            Handle = isOwn ? handle : null,
            Types = types,
            KeyTypeId = info.BtfKeyTypeId,
            ValueTypeId = info.BtfValueTypeId,
        };
    }

    /// <summary>One link; null when there is none of that id.</summary>
    public EbpfLink? Link(uint id)
    {
        (int[] processes, string[] names) = Holders("link_id", id);
        using SafeFileHandle? handle = KernelObjects.Links.Open(id);
        return handle is null ? null : Link(handle, processes, names);
    }

    /// <summary>A link by a descriptor of it, which needs no CAP_SYS_ADMIN. Who holds it is not looked for.</summary>
    public EbpfLink Link(SafeFileHandle handle) => Link(handle, [], []);

    private EbpfLink Link(SafeFileHandle handle, int[] processes, string[] names)
    {
        LinkInfo info = default;
        KernelObjects.Links.Read(handle, ref info);
        (string? programName, string? programType) = NameAndType(info.ProgId);
        EbpfLink link = new()
        {
            Id = info.Id,
            Type = Name(LibBpf.libbpf_bpf_link_type_str(info.Type), "bpf_link_type", "BPF_LINK_TYPE_", info.Type),
            ProgramId = info.ProgId,
            ProgramName = programName,
            ProgramType = programType,
            ProcessId = processes,
            ProcessName = names,
        };
        Describe(link, handle, info);
        return link;
    }

    /// <inheritdoc/>
    public void Dispose() => _types.Dispose();

    private IEnumerable<T> Listed<T>(KernelObjects kind, Func<uint, T?> read, Func<EbpfProbe, IEnumerable<T>> own) where T : class
    {
        try
        {
            return kind.Ids().ToArray().Select(read).OfType<T>();
        }
        catch (EbpfException e) when (e.Error == EbpfError.PermissionDenied && _own.Length > 0)
        {
            IsPartial = true;
            return _own.SelectMany(own);
        }
    }

    // Another thread may stop a probe while it is listed.
    private static T? UnlessStopped<T>(Func<T> read) where T : class
    {
        try
        {
            return read();
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    private void Describe(EbpfLink link, SafeFileHandle handle, in LinkInfo info)
    {
        switch (link.Type)
        {
            case "raw_tracepoint":
                link.TracepointName = LinkText(handle, static (ref LinkInfo request, ulong buffer) =>
                    (request.RawTracepointTpName, request.RawTracepointTpNameLen) = (buffer, BufferSize));
                break;
            case "tracing":
                link.AttachType = AttachType(info.TracingAttachType);
                (link.TargetObjectId, link.TargetBtfId) = (info.TracingTargetObjId, info.TracingTargetBtfId);
                // A program that extends another names that one's id, not a BTF object's.
                link.TargetName = info.TracingTargetBtfId != 0 && link.ProgramType != "ext"
                    ? TargetName(info.TracingTargetObjId, info.TracingTargetBtfId)
                    : null;
                break;
            case "cgroup":
                (link.CgroupId, link.AttachType) = (info.CgroupCgroupId, AttachType(info.CgroupAttachType));
                break;
            case "iter":
                link.TargetName = LinkText(handle, static (ref LinkInfo request, ulong buffer) =>
                    (request.IterTargetName, request.IterTargetNameLen) = (buffer, BufferSize));
                DescribeIterator(link, info);
                break;
            case "netns":
                (link.NetworkNamespace, link.AttachType) = (info.NetnsNetnsIno, AttachType(info.NetnsAttachType));
                break;
            case "xdp":
                SetInterface(link, info.XdpIfindex);
                break;
            case "tcx":
                SetInterface(link, info.TcxIfindex);
                link.AttachType = AttachType(info.TcxAttachType);
                break;
            case "netkit":
                SetInterface(link, info.NetkitIfindex);
                link.AttachType = AttachType(info.NetkitAttachType);
                break;
            case "struct_ops":
                link.MapId = info.StructOpsMapId;
                break;
            case "sockmap":
                (link.MapId, link.AttachType) = (info.SockmapMapId, AttachType(info.SockmapAttachType));
                break;
            case "netfilter":
                (link.ProtocolFamily, link.Hook, link.Priority) = (info.NetfilterPf, info.NetfilterHooknum, info.NetfilterPriority);
                break;
            case "kprobe_multi":
                (link.FunctionCount, link.Missed) = (info.KprobeMultiCount, info.KprobeMultiMissed);
                break;
            case "uprobe_multi":
                link.FunctionCount = info.UprobeMultiCount;
                link.TargetProcessId = info.UprobeMultiPid != 0 ? info.UprobeMultiPid : null;
                link.Path = LinkText(handle, static (ref LinkInfo request, ulong buffer) =>
                    (request.UprobeMultiPath, request.UprobeMultiPathSize) = (buffer, BufferSize));
                break;
            case "perf_event":
                DescribePerfEvent(link, handle, info);
                break;
        }
    }

    private static void DescribeIterator(EbpfLink link, in LinkInfo info)
    {
        switch (link.TargetName)
        {
            case "bpf_map_elem" or "bpf_sk_storage_map":
                link.MapId = info.IterMapMapId;
                break;
            case "cgroup":
                link.CgroupId = info.IterCgroupCgroupId;
                break;
            case "task" or "task_file" or "task_vma":
                link.TargetThreadId = info.IterTaskTid != 0 ? info.IterTaskTid : null;
                link.TargetProcessId = info.IterTaskPid != 0 ? info.IterTaskPid : null;
                break;
        }
    }

    private void DescribePerfEvent(EbpfLink link, SafeFileHandle handle, in LinkInfo info)
    {
        if (info.PerfEventType == 0)
        {
            return; // kernels before 6.6 say no more
        }
        link.PerfEventType = _types.EnumeratorOf("bpf_perf_event_type", "BPF_PERF_EVENT_", info.PerfEventType) ?? $"{info.PerfEventType}";
        // All three names are asked for in the same place.
        string? Target() => LinkText(handle, static (ref LinkInfo request, ulong buffer) =>
            (request.PerfEventKprobeFuncName, request.PerfEventKprobeNameLen) = (buffer, BufferSize));
        switch (link.PerfEventType)
        {
            case "uprobe" or "uretprobe":
                (link.Path, link.Offset) = (Target(), info.PerfEventUprobeOffset);
                break;
            case "kprobe" or "kretprobe":
                (link.FunctionName, link.Offset, link.Missed) = (Target(), info.PerfEventKprobeOffset, info.PerfEventKprobeMissed);
                break;
            case "tracepoint":
                link.TracepointName = Target();
                break;
        }
    }

    private delegate void Request(ref LinkInfo request, ulong buffer);

    // A text of a link: the request names the buffer that the kernel is to write it to.
    private static string? LinkText(SafeFileHandle handle, Request ask)
    {
        byte* buffer = stackalloc byte[BufferSize];
        buffer[0] = 0;
        LinkInfo request = default;
        ask(ref request, (ulong)buffer);
        KernelObjects.Links.Read(handle, ref request);
        return Marshal.PtrToStringUTF8((nint)buffer) is { Length: > 0 } text ? text : null;
    }

    private static void SetInterface(EbpfLink link, uint index)
    {
        byte* name = stackalloc byte[16]; // IF_NAMESIZE
        link.InterfaceIndex = index;
        link.InterfaceName = LibC.if_indextoname(index, name) != null ? Marshal.PtrToStringUTF8((nint)name) : null;
    }

    private (string? Name, string? Type) NameAndType(uint program)
    {
        if (program == 0 || IsPartial)
        {
            return (null, null); // who may not list programs may not open one by its id
        }
        using SafeFileHandle? handle = KernelObjects.Programs.Open(program);
        if (handle is null)
        {
            return (null, null);
        }
        BpfProgInfo info = default;
        KernelObjects.Programs.Read(handle, ref info);
        return (ProgramName(handle, info), ProgramType(info.Type));
    }

    // A name as long as the kernel can keep may be cut; then the first function's name in BTF is the whole one.
    private string ProgramName(SafeFileHandle handle, in BpfProgInfo info)
    {
        string name = Text(info.Name);
        if (Encoding.UTF8.GetByteCount(name) < sizeof(Bytes16) - 1 || info.BtfId == 0 || info.NrFuncInfo == 0)
        {
            return name;
        }
        BpfFuncInfo function;
        BpfProgInfo request = new() { NrFuncInfo = 1, FuncInfoRecSize = (uint)sizeof(BpfFuncInfo), FuncInfo = (ulong)&function };
        KernelObjects.Programs.Read(handle, ref request);
        return _types.NameOf(info.BtfId, function.TypeId) is { Length: > 0 } whole ? whole : name;
    }

    // A typed raw tracepoint's target is the typedef that BTF has of its arguments.
    private string? TargetName(uint objectId, uint typeId)
    {
        const string Prefix = "btf_trace_";
        string? name = _types.NameOf(objectId, typeId);
        return name?.StartsWith(Prefix, StringComparison.Ordinal) == true ? name[Prefix.Length..] : name;
    }

    private string ProgramType(uint type) =>
        Name(LibBpf.libbpf_bpf_prog_type_str(type), "bpf_prog_type", "BPF_PROG_TYPE_", type);

    private string AttachType(uint type) =>
        Name(LibBpf.libbpf_bpf_attach_type_str(type), "bpf_attach_type", "BPF_", type);

    // What is newer than libbpf, the running kernel's BTF knows.
    private string Name(nint known, string enumeration, string prefix, uint value) =>
        Marshal.PtrToStringUTF8(known) ?? _types.EnumeratorOf(enumeration, prefix, value) ?? $"{value}";

    // Asked before the object is opened here: this process is not to be found as one that holds it.
    private (int[] Ids, string[] Names) Holders(string key, uint id) => _holders?.Value.Of(key, id) ?? ([], []);

    private static string Text(in Bytes16 name)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<Bytes16>(in name));
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
