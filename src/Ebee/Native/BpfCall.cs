using System.Runtime.InteropServices;
using Ebee.Bindings;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Native;

/// <summary>bpf(2) itself, for what the distribution's libbpf does not know.</summary>
internal static unsafe class BpfCall
{
    private const int LinkCreate = 28; // BPF_LINK_CREATE, Linux 5.7

    /// <summary>Makes a link of attributes that begin as <c>union bpf_attr</c>'s link_create does.</summary>
    /// <returns>The link; null with the error number when the kernel refuses.</returns>
    public static SafeFileHandle? CreateLink<T>(ref T attributes, out int errno) where T : unmanaged
    {
        fixed (T* data = &attributes)
        {
            long fd = LibC.syscall(SystemCall.Bpf, LinkCreate, (long)data, sizeof(T));
            errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
            return fd < 0 ? null : new SafeFileHandle((nint)fd, ownsHandle: true);
        }
    }

    /// <summary>Opens a perf event (perf_event_open(2)) that begins disabled if its attributes say so.</summary>
    /// <param name="attributes">Its size field is set here.</param>
    /// <param name="processId">-1 for all processes, which needs CAP_PERFMON.</param>
    /// <param name="cpu">-1 for all CPUs.</param>
    /// <param name="errno">Why not, when null is returned.</param>
    public static SafeFileHandle? OpenPerfEvent(ref PerfEventAttr attributes, int processId, int cpu, out int errno)
    {
        attributes.Size = (uint)sizeof(PerfEventAttr);
        fixed (PerfEventAttr* data = &attributes)
        {
            const long Cloexec = 8; // PERF_FLAG_FD_CLOEXEC
            long fd = LibC.syscall5(SystemCall.PerfEventOpen, (long)data, processId, cpu, -1, Cloexec);
            errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
            return fd < 0 ? null : new SafeFileHandle((nint)fd, ownsHandle: true);
        }
    }
}
