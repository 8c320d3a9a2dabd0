using System.Globalization;
using System.Runtime.InteropServices;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Native;

/// <summary>The objects of one kind that the kernel holds: programs, maps or links.</summary>
internal sealed unsafe class KernelObjects
{
    public static readonly KernelObjects Programs = new("eBPF programs", LibBpf.bpf_prog_get_next_id, LibBpf.bpf_prog_get_fd_by_id);
    public static readonly KernelObjects Maps = new("eBPF maps", LibBpf.bpf_map_get_next_id, LibBpf.bpf_map_get_fd_by_id);
    public static readonly KernelObjects Links = new("eBPF links", LibBpf.bpf_link_get_next_id, LibBpf.bpf_link_get_fd_by_id);

    private readonly string _what;
    private readonly NextId _next;
    private readonly Func<uint, int> _open;

    private KernelObjects(string what, NextId next, Func<uint, int> open)
    {
        _what = what;
        _next = next;
        _open = open;
    }

    private delegate int NextId(uint start, out uint next);

    /// <summary>The ids, in ascending order. An object may be gone when its turn comes.</summary>
    public IEnumerable<uint> Ids()
    {
        for (uint id = 0; ;)
        {
            int result = _next(id, out uint next);
            if (result == -Errno.Enoent)
            {
                yield break;
            }
            id = result == 0 ? next : throw KernelErrors.Inventory(_what, -result);
            yield return id;
        }
    }

    /// <summary>Opens one; null when there is none of that id, or none any more.</summary>
    public SafeFileHandle? Open(uint id)
    {
        int fd = _open(id);
        for (int attempt = 0; fd == -Errno.Eagain && attempt < 50; attempt++)
        {
            Thread.Sleep(1); // the link has its id, and is still being made
            fd = _open(id);
        }
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : fd is -Errno.Enoent or -Errno.Eagain ? null
            : throw KernelErrors.Inventory(_what, -fd);
    }

    /// <summary>Another descriptor of what one is of.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public static SafeFileHandle Duplicate(SafeHandle handle)
    {
        using HandleUse use = new(handle);
        return Duplicate(use.Fd);
    }

    /// <summary>As above, of one that libbpf owns and that stays open meanwhile.</summary>
    public static SafeFileHandle Duplicate(int fd)
    {
        int copy = LibC.Duplicate(fd);
        return copy >= 0 ? new SafeFileHandle(copy, ownsHandle: true) : throw KernelErrors.Exhausted("A descriptor could not be had", Marshal.GetLastPInvokeError());
    }

    /// <summary>Another descriptor of what a probe's is of, or one by its id where the probe has been stopped; null when it has gone.</summary>
    public SafeFileHandle? Open(SafeHandle? own, uint id)
    {
        try
        {
            return own is null or { IsInvalid: true } ? Open(id) : Duplicate(own);
        }
        catch (ObjectDisposedException)
        {
            return Open(id); // a pin or another process may keep it
        }
    }

    /// <summary>Has the kernel fill in its info struct; what the struct asks for, such as buffers, must be set before.</summary>
    public void Read<T>(SafeFileHandle handle, ref T info) where T : unmanaged
    {
        uint size = (uint)sizeof(T);
        fixed (T* data = &info)
        {
            int result = LibBpf.bpf_obj_get_info_by_fd(handle, data, ref size);
            if (result < 0)
            {
                throw KernelErrors.Inventory(_what, -result);
            }
        }
    }

    /// <summary>What /proc/self/fdinfo says of an open object that its info struct does not; null when there is no such line.</summary>
    public static ulong? Detail(SafeFileHandle handle, string key)
    {
        using HandleUse use = new(handle);
        foreach (string line in File.ReadLines($"/proc/self/fdinfo/{use.Fd}"))
        {
            if (line.StartsWith(key, StringComparison.Ordinal) && line.Length > key.Length && line[key.Length] == ':')
            {
                return ulong.Parse(line.AsSpan(key.Length + 1).Trim(), CultureInfo.InvariantCulture);
            }
        }
        return null;
    }
}
