using Ebee.Native;

namespace Ebee.Host;

/// <summary>
/// Where the kernel's trace file system is. Where it is mounted nowhere, this process takes a mount of its own that nobody else
/// sees.
/// </summary>
internal static class Tracefs
{
    private const string Mount = "mount -t tracefs nodev /sys/kernel/tracing";

    private static readonly Lock Gate = new();
    private static int _own; // the descriptor of the own mount, kept until the process ends; 0 when there is none

    /// <summary>Its folder.</summary>
    /// <exception cref="EbpfException">It is mounted nowhere and this user may not mount it, or may not read it.</exception>
    public static string Folder()
    {
        List<string> places = Places(MountTable.Read());
        if (places.Find(place => File.Exists(Path.Combine(place, "available_events"))) is { } folder)
        {
            return folder;
        }
        return places.Find(IsMountedButClosed) is { } closed
            ? throw new EbpfException(EbpfError.PermissionDenied, $"This user may not read {closed}, the kernel's trace file system.",
                "Run it as root: sudo pwsh.")
            : $"/proc/self/fd/{Own()}";
    }

    /// <summary>A path of it as another process can use it.</summary>
    public static string Shown(string path) => path.StartsWith("/proc/self/", StringComparison.Ordinal)
        ? $"/proc/{Environment.ProcessId}/{path[11..]}"
        : path;

    /// <summary>A file of it as text.</summary>
    /// <exception cref="EbpfException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw CannotRead(path, e.Message, e is UnauthorizedAccessException, e);
        }
    }

    /// <summary>The error for a file of it that cannot be read.</summary>
    public static EbpfException CannotRead(string path, string reason, bool isPermission, Exception? inner = null) => isPermission
        ? new EbpfException(EbpfError.PermissionDenied, $"This user may not read {Shown(path)}.",
            "Run it as root: sudo pwsh. If root may not either, look at /sys/kernel/security/lockdown.", reason, inner)
        : new EbpfException(EbpfError.FileFailed, $"{Shown(path)} could not be read: {reason.TrimEnd('.')}.", $"Look whether tracefs is still there: {Mount}",
            reason, inner);

    /// <summary>Where it may be: tracefs itself first, then what debugfs offers.</summary>
    internal static List<string> Places(List<MountTable.Mount> mounts) =>
    [
        .. mounts.Where(mount => mount.Type == "tracefs").Select(mount => mount.Folder),
        .. mounts.Where(mount => mount.Type == "debugfs").Select(mount => Path.Combine(mount.Folder, "tracing")),
    ];

    private static int Own()
    {
        lock (Gate)
        {
            if (_own == 0 && (_own = DetachedMount.Create("tracefs", out int errno)) == 0)
            {
                throw errno == Errno.Enodev
                    ? new EbpfException(EbpfError.NotSupported, "This kernel has no trace file system (CONFIG_TRACING).",
                        "Use a distribution's kernel, or build it with CONFIG_FTRACE=y.", Errno.Name(errno))
                    : new EbpfException(EbpfError.TracefsNotMounted,
                        $"The kernel's trace file system (tracefs) is not mounted, and this process may not mount it for itself ({Errno.Name(errno)}).",
                        $"Run it as root: sudo pwsh. Or mount it, as root: {Mount}", Errno.Name(errno));
            }
            return _own;
        }
    }

    private static bool IsMountedButClosed(string place)
    {
        try
        {
            _ = Directory.GetFileSystemEntries(place);
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
