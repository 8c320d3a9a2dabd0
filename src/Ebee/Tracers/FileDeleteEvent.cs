using System.Text.Json.Serialization;
using Ebee.Bindings;
using Ebee.Events;
using Ebee.Host;
using Ebee.Native;

namespace Ebee.Tracers;

/// <summary>
/// A deletion of a file or directory. Ids are those of the reader's pid namespace. Strings are as the kernel has
/// them, with U+FFFD for what is not UTF-8; they may hold anything the process chose.
/// </summary>
public sealed class FileDeleteEvent
{
    private readonly EventRecord<FileDeleteRecord> _record;
    private readonly ContainerClaim _container;

    internal FileDeleteEvent(ReadOnlySpan<byte> record, long bootUtcTicks)
    {
        _record = new EventRecord<FileDeleteRecord>(record, bootUtcTicks);
        UserName = UserDatabase.NameOf(_record.Task.UserId);
        _container = _record.Container;
    }

    /// <summary>When it happened, in local time; from the boot clock, to 100 ns.</summary>
    public DateTimeOffset Time => _record.Time;

    /// <summary>The process (thread group) id; 0 when the process is invisible in the reader's pid namespace.</summary>
    public int ProcessId => (int)_record.Task.ProcessId;

    /// <summary>The thread id.</summary>
    public int ThreadId => (int)_record.Task.ThreadId;

    /// <summary>The parent's process id; 0 when the parent is invisible in the reader's pid namespace.</summary>
    public int ParentProcessId => (int)_record.Task.ParentProcessId;

    /// <summary>The process id in the host's (the initial) pid namespace.</summary>
    public int HostProcessId => (int)_record.Task.HostProcessId;

    /// <summary>The thread's name (comm): at most 15 bytes.</summary>
    public string Name => _record.Name;

    /// <summary>The effective user id.</summary>
    public uint UserId => _record.Task.UserId;

    /// <summary>The effective user's name; null when the machine's user database does not know it, or has not said so yet.</summary>
    public string? UserName { get; }

    /// <summary>The cgroup's id: the inode number of its folder.</summary>
    public ulong CgroupId => _record.Task.CgroupId;

    /// <summary>The cgroup's path in its hierarchy: v2, or v1 where v2 has the process in its root.</summary>
    public string CgroupPath => _record.CgroupPath;

    /// <summary>The container's id, whole, as the cgroup's path names it; null outside of a container.</summary>
    public string? ContainerId => _container.Id;

    /// <summary>What says so: the name of the cgroup alone, or a container runtime's own record; null outside of a container.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ContainerEvidence>))]
    public ContainerEvidence? ContainerEvidence => _container.Evidence;

    /// <summary>The systemd unit, as the cgroup's path names it; null where there is none.</summary>
    public string? SystemdUnit => CgroupName.SystemdUnit(CgroupPath);

    /// <summary>The inode number of the mount namespace, as /proc/PID/ns/mnt has it.</summary>
    public uint MountNamespace => _record.Task.MountNamespace;

    /// <summary>How it was deleted.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<FileDeleteOperation>))]
    public FileDeleteOperation Operation => (FileDeleteOperation)_record.Head.Operation;

    /// <summary>
    /// The absolute path in the process's mount namespace, at most 4,096 bytes. Where <see cref="PathResolved"/> is
    /// false: the directory that the call started from, and the path given to the call.
    /// </summary>
    public string Path
    {
        get
        {
            int start = _record.Task.CgroupPathLength;
            string? name = _record.Text(start, _record.Head.NameLength);
            string directory = _record.Path(start + _record.Head.NameLength, _record.Head.DirectoryLength);
            return Join(directory, name, PathResolved);
        }
    }

    /// <summary>
    /// Whether the path comes from the kernel's own objects: links followed, "." and ".." gone. Else it is made of
    /// the system call's strings.
    /// </summary>
    public bool PathResolved => (_record.Task.Flags & RecordFlags.RecordPathResolved) != 0;

    /// <summary>The deleted file's inode number; null when it is not known.</summary>
    public ulong? Inode => _record.Head.Inode == 0 ? null : _record.Head.Inode;

    /// <summary>The file system's device number as major:minor (as in /proc/PID/mountinfo); null when it is not known.</summary>
    public string? Device => _record.Head.Device == 0 ? null : $"{_record.Head.Device >> 20}:{_record.Head.Device & 0xfffff}";

    /// <summary>The error's name, such as ENOENT; null when the deletion succeeded.</summary>
    public string? Error => _record.Head.ReturnCode == 0 ? null : Errno.Name(-_record.Head.ReturnCode);

    /// <summary>Something of this event was cut off or could not be read.</summary>
    public bool Truncated => _record.IsTruncated;

    internal static string Join(string directory, string? name, bool resolved)
    {
        if (string.IsNullOrEmpty(name))
        {
            return directory;
        }
        if (resolved)
        {
            // The directory is the real one; of what the call was given, only the last name counts.
            name = name.TrimEnd('/');
            name = name[(name.LastIndexOf('/') + 1)..];
        }
        return directory.Length == 0 ? name : directory.TrimEnd('/') + "/" + name.TrimStart('/');
    }
}
