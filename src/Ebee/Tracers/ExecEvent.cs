using System.Text;
using System.Text.Json.Serialization;
using Ebee.Bindings;
using Ebee.Events;
using Ebee.Host;
using Ebee.Native;

namespace Ebee.Tracers;

/// <summary>
/// A process execution. Ids are those of the reader's pid namespace. Strings are as the kernel has them, with
/// U+FFFD for what is not UTF-8; they may hold anything the process chose.
/// </summary>
public sealed class ExecEvent
{
    private readonly EventRecord<ExecRecord> _record;
    private readonly ContainerClaim _container;

    internal ExecEvent(ReadOnlySpan<byte> record, long bootUtcTicks)
    {
        _record = new EventRecord<ExecRecord>(record, bootUtcTicks);
        UserName = UserDatabase.NameOf(_record.Task.UserId);
        _container = _record.Container;
    }

    /// <summary>When it happened, in local time; from the boot clock, to 100 ns.</summary>
    public DateTimeOffset Time => _record.Time;

    /// <summary>The process (thread group) id; 0 when the process is invisible in the reader's pid namespace.</summary>
    public int ProcessId => (int)_record.Task.ProcessId;

    /// <summary>The thread id; after a successful exec it is the process id.</summary>
    public int ThreadId => (int)_record.Task.ThreadId;

    /// <summary>The parent's process id; 0 when the parent is invisible in the reader's pid namespace.</summary>
    public int ParentProcessId => (int)_record.Task.ParentProcessId;

    /// <summary>The process id in the host's (the initial) pid namespace.</summary>
    public int HostProcessId => (int)_record.Task.HostProcessId;

    /// <summary>The process's name (comm) after the exec: at most 15 bytes.</summary>
    public string Name => _record.Name;

    /// <summary>The parent's name.</summary>
    public string ParentName => EventRecord<ExecRecord>.Text(_record.Head.ParentName);

    /// <summary>The effective user id, after the exec.</summary>
    public uint UserId => _record.Task.UserId;

    /// <summary>The effective user's name; null when the machine's user database does not know it, or has not said so yet.</summary>
    public string? UserName { get; }

    /// <summary>The real user id.</summary>
    public uint RealUserId => _record.Head.RealUserId;

    /// <summary>The effective group id.</summary>
    public uint GroupId => _record.Head.GroupId;

    /// <summary>The audit login user id, which su and sudo leave as it was; null when nobody logged in.</summary>
    public uint? LoginUserId => Unset(_record.Head.LoginUserId);

    /// <summary>The audit session id; null outside of a login session.</summary>
    public uint? SessionId => Unset(_record.Head.SessionId);

    /// <summary>The path as given to execve; <c>memfd:…</c> for a memory file; null when it could not be read.</summary>
    public string? FileName => Executable is { } path && path.StartsWith("memfd:", StringComparison.Ordinal)
        ? path
        : _record.Text(FileNameStart, _record.Head.FileNameLength);

    /// <summary>
    /// The file that runs, resolved (as /proc/PID/exe): a script's interpreter; null when the exec failed. It ends in
    /// " (deleted)" when the file was, and begins with "(unreachable)" when it is not in the process's mount namespace.
    /// </summary>
    public string? Executable => _record.Head.ExecutableLength == 0 ? null
        : _record.Path(ExecutableStart, _record.Head.ExecutableLength) + Deleted(RecordFlags.RecordExecutableDeleted);

    /// <summary>Whether the file that runs was deleted before, or never had a name; a memory file was not.</summary>
    public bool IsDeleted => Deleted(RecordFlags.RecordExecutableDeleted).Length > 0;

    /// <summary>
    /// The arguments, argv[0] first. At most 256 KiB of them (128 KiB of a failed exec). Linux 6.9 and newer give the first
    /// 1,600 bytes as the kernel copied them; others may have been written over by processes of the same user.
    /// </summary>
    public string[] Argument => SplitArguments(_record.Bytes(ArgumentsStart, _record.Head.ArgumentsLength));

    /// <summary>The arguments as a POSIX shell would read them.</summary>
    public string CommandLine => ShellQuoting.Join(Argument);

    /// <summary>The working directory, marked as <see cref="Executable"/> is.</summary>
    public string WorkingDirectory => _record.Path(WorkingDirectoryStart, _record.Head.WorkingDirectoryLength)
        + Deleted(RecordFlags.RecordDirectoryDeleted);

    /// <summary>The controlling terminal, such as pts/0; null when there is none.</summary>
    public string? Terminal => _record.Text(_record.Task.CgroupPathLength, _record.Task.TerminalLength) is { } name
        ? name.StartsWith("pts", StringComparison.Ordinal) && name.Length > 3 ? "pts/" + name[3..] : name
        : null;

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

    /// <summary>The inode number of the pid namespace, as /proc/PID/ns/pid has it.</summary>
    public uint PidNamespace => _record.Head.PidNamespace;

    /// <summary>What execve returned: 0, or a negative error number.</summary>
    public int ReturnCode => _record.Head.ReturnCode;

    /// <summary>The error's name, such as ENOENT; null when the exec succeeded.</summary>
    public string? Error => ReturnCode == 0 ? null : Errno.Name(-ReturnCode);

    /// <summary>Something of this event was cut off or could not be read.</summary>
    public bool Truncated => _record.IsTruncated;

    private int FileNameStart => _record.Task.CgroupPathLength + _record.Task.TerminalLength;

    private int ExecutableStart => FileNameStart + _record.Head.FileNameLength;

    private int WorkingDirectoryStart => ExecutableStart + _record.Head.ExecutableLength;

    private int ArgumentsStart => WorkingDirectoryStart + _record.Head.WorkingDirectoryLength;

    internal static string[] SplitArguments(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return [];
        }
        if (bytes[^1] == 0)
        {
            bytes = bytes[..^1];
        }
        string[] arguments = new string[bytes.Count((byte)0) + 1];
        int i = 0;
        foreach (Range range in bytes.Split((byte)0))
        {
            arguments[i++] = Encoding.UTF8.GetString(bytes[range]);
        }
        return arguments;
    }

    private string Deleted(RecordFlags flag) => (_record.Task.Flags & flag) != 0 ? " (deleted)" : "";

    private static uint? Unset(uint id) => id == uint.MaxValue ? null : id;
}
