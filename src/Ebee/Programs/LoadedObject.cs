using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs.Attaching;

namespace Ebee.Programs;

/// <summary>The third phase: programs can be attached and maps used. Disposing detaches and frees all of it.</summary>
internal sealed unsafe class LoadedObject : IDisposable
{
    private readonly BpfObjectHandle _handle;
    private readonly List<(ObjectProgram Program, Attachment Attachment)> _links = [];
    private readonly ObjectMaps _maps;
    private bool _detached;

    /// <param name="name">The object's name.</param>
    /// <param name="handle">It.</param>
    /// <param name="maps">Its maps.</param>
    internal LoadedObject(string name, BpfObjectHandle handle, ObjectMaps maps)
    {
        Name = name;
        _maps = maps;
        _handle = handle;
    }

    public string Name { get; }

    /// <summary>Its programs.</summary>
    public IEnumerable<ObjectProgram> Programs => OpenedObject.ProgramsOf(_handle);

    /// <summary>Its maps, which live as long as the object does.</summary>
    public IEnumerable<BpfMap> Maps => _maps.All.Select(_maps.Describe);

    /// <summary>Attaches a loaded program as its section says.</summary>
    public void Attach(string name)
    {
        ObjectProgram program = new(LibBpf.bpf_object__find_program_by_name(_handle, name));
        foreach (Hook hook in AttachKinds.Of(program)!.Resolve(program, HookRequest.None))
        {
            Attach(program, hook);
        }
    }

    /// <summary>Attaches a loaded program to a hook.</summary>
    public Attachment Attach(ObjectProgram program, Hook hook)
    {
        Attachment attachment = hook.Attach(program, this);
        _links.Add((program, attachment));
        return attachment;
    }

    /// <summary>Registers the object's struct_ops maps with the kernel, each as a link; Linux 5.6.</summary>
    public IEnumerable<(string Map, Attachment Attachment)> AttachStructOps()
    {
        const uint StructOps = 26; // BPF_MAP_TYPE_STRUCT_OPS
        foreach (nint map in _maps.All.Where(map => LibBpf.bpf_map__type(map) == StructOps))
        {
            using LibBpfLog log = new();
            string name = _maps.NameOf(map);
            nint link = LibBpf.bpf_map__attach_struct_ops(map);
            if (link == 0)
            {
                throw KernelErrors.Attach(name, Marshal.GetLastPInvokeError(), log.Text, "struct_ops");
            }
            Attachment attachment = Attachment.Of(new BpfLinkHandle(link));
            _links.Add((default, attachment));
            yield return (name, attachment);
        }
    }

    /// <summary>A map of the object, which lives as long as the object does.</summary>
    public BpfMap Map(string name)
    {
        nint map = _maps.Find(name);
        return map != 0 ? BpfMap.Of(map, name) : throw new InvalidOperationException($"{Name} has no map {name}.");
    }

    /// <summary>How often the kernel did not run an attached program because it was already running on that CPU.</summary>
    public ulong RecursionMisses()
    {
        ulong misses = 0;
        foreach ((ObjectProgram program, _) in _links)
        {
            BpfProgInfo info = default;
            uint size = (uint)sizeof(BpfProgInfo);
            if (LibBpf.bpf_obj_get_info_by_fd(program.Fd, &info, ref size) == 0)
            {
                misses += info.RecursionMisses;
            }
        }
        return misses;
    }

    /// <summary>
    /// Detaches all programs and waits until none of them runs any more (an RCU grace period), so that what the
    /// maps hold then is final.
    /// </summary>
    public void Detach()
    {
        CloseLinks();
        const long Membarrier = 324, MembarrierArm64 = 283, MembarrierCommandGlobal = 1;
        if (LibC.syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? MembarrierArm64 : Membarrier,
            MembarrierCommandGlobal, 0, 0) < 0)
        {
            Thread.Sleep(20); // a kernel with nohz_full or a seccomp filter refuses it: longer than any program runs
        }
    }

    /// <inheritdoc/>
    public void Dispose() => CleanUp.Run(CloseLinks, _handle.Dispose);

    // The kernel waits for an RCU grace period at each kprobe's close; threads that wait together wait once.
    private void CloseLinks()
    {
        if (_detached)
        {
            return;
        }
        _detached = true;
        if (_links.Count < 4)
        {
            CleanUp.Run(_links.Select<(ObjectProgram, Attachment Attachment), Action>(link => link.Attachment.Dispose));
            return;
        }
        // An error that leaves a thread ends the process.
        Exception?[] errors = new Exception?[_links.Count];
        Thread[] threads = [.. _links.Select((link, i) => new Thread(() =>
        {
            try
            {
                link.Attachment.Dispose();
            }
            catch (Exception e)
            {
                errors[i] = e;
            }
        }, maxStackSize: 256 << 10))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        CleanUp.Run(errors.OfType<Exception>().Select<Exception, Action>(e => () => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e)));
    }
}
