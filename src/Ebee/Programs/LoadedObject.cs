using System.Collections.Concurrent;
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
    private int _detached;

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
    public Attachment Attach(ObjectProgram program, Hook hook) => Keep(program, hook.Attach(program, this));

    /// <summary>Registers the object's struct_ops maps with the kernel.</summary>
    public List<(string Map, Attachment Attachment)> RegisterStructOps()
    {
        List<(string, Attachment)> registered = [];
        foreach (nint map in _maps.All.Where(StructOps.IsMap))
        {
            string name = _maps.NameOf(map);
            registered.Add((name, Keep(default, StructOps.Register(map, name))));
        }
        return registered;
    }

    /// <summary>A map of the object, which lives as long as the object does.</summary>
    public BpfMap Map(string name)
    {
        nint map = _maps.Find(name);
        return map != 0 ? BpfMap.Of(_handle, map, name) : throw new InvalidOperationException($"{Name} has no map {name}.");
    }

    /// <summary>How often the kernel did not run an attached program because it was already running on that CPU.</summary>
    /// <param name="isCounted">Of which programs, by name.</param>
    /// <returns>The sum for these, and for the others.</returns>
    public (ulong Counted, ulong Others) RecursionMisses(Func<string, bool> isCounted)
    {
        (ulong counted, ulong others) = (0, 0);
        using HandleUse use = new(_handle);
        foreach ((ObjectProgram program, _) in _links)
        {
            BpfProgInfo info = default;
            uint size = (uint)sizeof(BpfProgInfo);
            if (LibBpf.bpf_obj_get_info_by_fd(program.Fd, &info, ref size) != 0 || info.RecursionMisses == 0)
            {
                continue;
            }
            if (isCounted(program.Name))
            {
                counted += info.RecursionMisses;
            }
            else
            {
                others += info.RecursionMisses;
            }
        }
        return (counted, others);
    }

    /// <summary>
    /// Detaches all programs and waits until none of them runs any more (an RCU grace period), so that what the
    /// maps hold then is final.
    /// </summary>
    public void Detach()
    {
        CloseLinks();
        const long MembarrierCommandGlobal = 1;
        if (LibC.syscall(SystemCall.Membarrier, MembarrierCommandGlobal, 0, 0) < 0)
        {
            Thread.Sleep(20); // a kernel with nohz_full or a seccomp filter refuses it: longer than any program runs
        }
    }

    /// <inheritdoc/>
    public void Dispose() => CleanUp.Run(CloseLinks, _handle.Dispose);

    private Attachment Keep(ObjectProgram program, Attachment attachment)
    {
        attachment.KeepOpen(_handle);
        _links.Add((program, attachment));
        return attachment;
    }

    // The kernel waits for an RCU grace period at each kprobe's close; threads that wait together wait once. Some are enough for that.
    private void CloseLinks()
    {
        const int Workers = 16, WorthThreads = 4;
        if (Interlocked.Exchange(ref _detached, 1) != 0)
        {
            return;
        }
        Attachment[] inTurn = [.. _links.Select(link => link.Attachment).Where(link => link.IsDetachedInTurn)];
        Attachment[] others = [.. _links.Select(link => link.Attachment).Where(link => !link.IsDetachedInTurn)];
        int next = -1;
        ConcurrentQueue<Exception> errors = []; // one that leaves a thread ends the process
        void Close(Attachment link)
        {
            try
            {
                link.Dispose();
            }
            catch (Exception e)
            {
                errors.Enqueue(e);
            }
        }
        void CloseOthers()
        {
            for (int i; (i = Interlocked.Increment(ref next)) < others.Length;)
            {
                Close(others[i]);
            }
        }
        Thread[] threads = others.Length < WorthThreads ? []
            : [.. Enumerable.Range(0, Math.Min(others.Length, Workers)).Select(_ => new Thread(CloseOthers, maxStackSize: 256 << 10))];
        int started = 0;
        try
        {
            for (; started < threads.Length; started++)
            {
                threads[started].Start();
            }
        }
        catch (OutOfMemoryException)
        {
            // no thread is left to be had: it takes longer
        }
        Array.ForEach(inTurn, Close);
        CloseOthers();
        Array.ForEach(threads[..started], thread => thread.Join());
        CleanUp.Run(errors.Select<Exception, Action>(e => () => System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e)));
    }
}
