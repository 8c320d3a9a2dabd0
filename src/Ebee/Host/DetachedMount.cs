using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Host;

/// <summary>
/// A file system mounted for this process alone: it is in no mount namespace, is reached through a descriptor, and goes with
/// the process. Linux 5.2; needs CAP_SYS_ADMIN.
/// </summary>
internal static partial class DetachedMount
{
    // The same numbers on every architecture (include/uapi/asm-generic/unistd.h; include/uapi/linux/mount.h).
    private const long Fsopen = 430, Fsconfig = 431, Fsmount = 432;
    private const long Cloexec = 1; // FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC
    private const long CommandCreate = 6; // FSCONFIG_CMD_CREATE
    private const long NoSuid = 2, NoDevices = 4, NoExecute = 8; // MOUNT_ATTR_*

    /// <summary>Mounts it; gives the descriptor of its root folder, or 0 and what the kernel said.</summary>
    public static int Create(string type, out int errno)
    {
        errno = 0;
        nint name = Marshal.StringToCoTaskMemUTF8(type);
        int context = (int)LibC.syscall(Fsopen, name, Cloexec, 0);
        int fd = -1;
        if (context < 0)
        {
            errno = Marshal.GetLastPInvokeError();
        }
        else
        {
            if (syscall(Fsconfig, context, CommandCreate, 0, 0, 0) < 0
                || (fd = (int)LibC.syscall(Fsmount, context, Cloexec, NoSuid | NoDevices | NoExecute)) < 0)
            {
                errno = Marshal.GetLastPInvokeError();
            }
            _ = LibC.close(context);
        }
        Marshal.FreeCoTaskMem(name);
        return fd < 0 ? 0 : fd;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long context, long command, long key, long value, long auxiliary);
}
