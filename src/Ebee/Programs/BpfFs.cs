using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>Pins under bpffs, the kernel's file system for what is to outlive a process. Files of mode 0600; Linux 4.4.</summary>
internal static unsafe class BpfFs
{
    /// <summary>What root types to have one that nobody else can write to; without a mode every user can.</summary>
    public const string Mount = "mount -t bpf -o mode=0700 bpf /sys/fs/bpf";

    /// <summary>Pins a map, a program or a link.</summary>
    /// <param name="fd">It.</param>
    /// <param name="path">The file.</param>
    /// <param name="shown">The path that a user knows it by.</param>
    public static void Pin(int fd, string path, string shown)
    {
        int result = LibBpf.bpf_obj_pin(fd, path);
        if (result < 0)
        {
            throw result == -Errno.Eexist
                ? new EbpfException(EbpfError.FileExists, $"'{shown}' is there already.", $"Give another path, or remove what is pinned there: Remove-Item '{shown}'.")
                : new EbpfException(EbpfError.FileFailed, $"'{shown}' could not be pinned: {Errno.Name(-result)}.",
                    $"Give a path under a bpffs (mount shows them; {Mount}) in a folder that exists, without dots in its name.");
        }
    }

    /// <summary>Opens what is pinned.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shown">The path that a user knows it by, if it is another.</param>
    public static SafeFileHandle Open(string path, string? shown = null)
    {
        shown ??= path;
        int fd = LibBpf.bpf_obj_get(path);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw (fd is -Errno.Eperm or -Errno.Eacces
                ? new EbpfException(EbpfError.PermissionDenied, $"This process may not open '{shown}' ({Errno.Name(-fd)}).", "Run it as the user who pinned it, or as root: sudo pwsh.")
                : new EbpfException(EbpfError.FileFailed, $"'{shown}' could not be opened: {Errno.Name(-fd)}.", "Give a file of a bpffs; ls /sys/fs/bpf shows them."));
    }

    /// <summary>Throws when a path is in no bpffs.</summary>
    public static void CheckPlace(string path)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        while (folder is not null && !Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder);
        }
        if (folder is null || !IsBpfFs(folder))
        {
            throw new EbpfException(EbpfError.BpffsNotMounted, $"'{path}' is not under a bpffs.", $"Mount one, as root: {Mount}; and give a path under /sys/fs/bpf.");
        }
    }

    private static bool IsBpfFs(string folder)
    {
        const long Magic = 0xcafe4a11; // BPF_FS_MAGIC
        long* result = stackalloc long[16];
        return LibC.statfs(folder, result) == 0 && result[0] == Magic;
    }
}
