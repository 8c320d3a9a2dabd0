using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Maps;

/// <summary>What the kernel's refusals to read or change entries mean.</summary>
internal static class MapErrors
{
    private const ulong ReadOnly = 0, WriteOnly = 1; // O_RDONLY, O_WRONLY

    public static EbpfException Missing(EbpfMap map, object key) => new(EbpfError.MapEntryNotFound, $"The map {map} has no entry {key}.",
        "See what it has: Get-EbpfMapEntry without -Key.");

    public static EbpfException Empty(EbpfMap map) => new(EbpfError.MapEntryNotFound, $"The {map.Type} {map} is empty.", "Add to it: Set-EbpfMapEntry -Value.");

    public static EbpfException NotSupported(EbpfMap map, string what, string action) => new(EbpfError.NotSupported, $"{what}: {map} is of the type {map.Type}.", action);

    /// <summary>Entries that no system call reads.</summary>
    public static EbpfException Unreadable(EbpfMap map, SafeFileHandle handle, int errno) =>
        errno is Errno.NotSupported or Errno.Eopnotsupp or Errno.Enospc or Errno.Einval
            ? new EbpfException(EbpfError.NotSupported, $"The kernel does not let the entries of {map} be read: it is of the type {map.Type} ({Errno.Name(errno)}).",
                map.Type is "user_ringbuf" ? "There is nothing to read: it carries records from a process to its program. See what that makes of them in its other maps: (Get-EbpfProbe).Maps."
                    : map.Type is "ringbuf" or "perf_event_array" ? "Read its events: Get-EbpfEvent."
                    : map.Type is "sockmap" or "sockhash" or "reuseport_sockarray" ? "Only one whose values have 8 bytes shows the sockets' cookies." : "Its programs can read them.")
            : Failed(map, handle, "read", errno);

    public static EbpfException Failed(EbpfMap map, SafeFileHandle handle, string operation, int errno)
    {
        bool isRead = operation == "read";
        if (errno is Errno.Eperm)
        {
            string? why = !isRead && IsFrozen(handle) ? "it is frozen, as constants are"
                : !isRead && AccessMode(handle) == ReadOnly ? "it was made with BPF_F_RDONLY, for its programs alone to write"
                : isRead && AccessMode(handle) == WriteOnly ? "it was made with BPF_F_WRONLY, for its programs alone to read"
                : null;
            return why is null ? KernelErrors.Map($"{map}", operation, errno)
                : new EbpfException(EbpfError.MapFailed, $"Could not {operation} the map {map}: {why}.",
                    isRead ? "Have a program read it." : "Change its contents before it is loaded: Start-EbpfProbe -Global; or use another map.");
        }
        return errno switch
        {
            Errno.E2big when map.Type.Contains("array", StringComparison.Ordinal) || map.Type is "devmap" or "sockmap" or "cpumap" or "xskmap" =>
                new EbpfException(EbpfError.MapEntryNotFound, $"The map {map} has no such entry: its keys are 0 to {map.MaxEntries - 1}.",
                    "Give one of these; or start the probe with a larger one: Start-EbpfProbe -MapSize."),
            Errno.E2big => new EbpfException(EbpfError.MapFailed, $"The map {map} takes no more: it has room for {map.MaxEntries} entries.",
                "Remove some with Remove-EbpfMapEntry or Clear-EbpfMap; or start the probe with a larger one: Start-EbpfProbe -MapSize."),
            Errno.NotSupported or Errno.Eopnotsupp => NotSupported(map, $"The kernel does not {operation} entries of this map for a process ({Errno.Name(errno)})", "Its programs can."),
            _ => KernelErrors.Map($"{map}", operation, errno),
        };
    }

    private static bool IsFrozen(SafeFileHandle handle) => KernelObjects.Detail(handle, "frozen") is > 0;

    // The flag of the map's maker is one of the descriptor's. The file's flags are octal, and the last digit has the mode.
    private static ulong? AccessMode(SafeFileHandle handle) => KernelObjects.Detail(handle, "flags") % 10 & 3;
}
