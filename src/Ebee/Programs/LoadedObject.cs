using System.Runtime.InteropServices;
using Ebee.Bindings;
using Ebee.Maps;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>The third phase: programs can be attached and maps used. Disposing detaches and frees all of it.</summary>
internal sealed unsafe class LoadedObject : IDisposable
{
    private readonly BpfObjectHandle _handle;
    private readonly List<BpfLinkHandle> _links = [];
    private bool _detached;

    internal LoadedObject(string name, BpfObjectHandle handle)
    {
        Name = name;
        _handle = handle;
    }

    public string Name { get; }

    /// <summary>Attaches a loaded program as its section says.</summary>
    public void Attach(string program)
    {
        using LibBpfLog log = new();
        nint handle = LibBpf.bpf_object__find_program_by_name(_handle, program);
        nint link = LibBpf.bpf_program__attach(handle);
        if (link == 0)
        {
            throw KernelErrors.Attach(program, Marshal.GetLastPInvokeError(), log.Text);
        }
        _links.Add(new BpfLinkHandle(link, handle));
    }

    /// <summary>A map of the object, which lives as long as the object does.</summary>
    public BpfMap Map(string name)
    {
        nint map = LibBpf.bpf_object__find_map_by_name(_handle, name);
        return map != 0
            ? new BpfMap(name, LibBpf.bpf_map__fd(map), (int)LibBpf.bpf_map__key_size(map), (int)LibBpf.bpf_map__value_size(map))
            : throw new InvalidOperationException($"{Name} has no map {name}.");
    }

    /// <summary>How often the kernel did not run an attached program because it was already running on that CPU.</summary>
    public ulong RecursionMisses()
    {
        ulong misses = 0;
        foreach (BpfLinkHandle link in _links)
        {
            BpfProgInfo info = default;
            uint size = (uint)sizeof(BpfProgInfo);
            if (LibBpf.bpf_obj_get_info_by_fd(LibBpf.bpf_program__fd(link.Program), &info, ref size) == 0)
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
    public void Dispose()
    {
        CloseLinks();
        _handle.Dispose();
    }

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
            _links.ForEach(link => link.Dispose());
        }
        else
        {
            Thread[] threads = [.. _links.Select(link => new Thread(link.Dispose, maxStackSize: 256 << 10))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
        }
    }
}
