using System.Runtime.InteropServices;
using System.Text;
using Ebee.Bindings;

namespace Ebee.Tests.Support;

/// <summary>Records as the kernel side writes them.</summary>
internal static class Records
{
    /// <summary>A boot time: 2026-01-01 UTC.</summary>
    public static readonly long BootUtcTicks = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    public delegate void Change(ref ExecRecord record);

    /// <summary>A record of an execution, with the strings given as they are in the record.</summary>
    public static byte[] Exec(Change? change = null, string terminal = "pts3\0", string executable = "file\0bin\0usr\0\0")
    {
        const string Cgroup = "my.service\0system.slice\0\0", FileName = "./file\0", Folder = "me\0home\0\0", Arguments = "./file\0one two\0\0three\0";
        ExecRecord record = new()
        {
            Task = new TaskInfo
            {
                Time = 1500,
                CgroupId = 77,
                ProcessId = 101,
                ThreadId = 102,
                ParentProcessId = 103,
                HostProcessId = 104,
                MountNamespace = 4026531841,
                CgroupPathLength = (ushort)Cgroup.Length,
                TerminalLength = (ushort)terminal.Length,
            },
            RealUserId = 1001,
            GroupId = 1002,
            LoginUserId = 1000,
            SessionId = 7,
            PidNamespace = 4026531836,
            ReturnCode = -2,
            ArgumentsLength = (uint)Arguments.Length,
            FileNameLength = (ushort)FileName.Length,
            ExecutableLength = (ushort)executable.Length,
            WorkingDirectoryLength = (ushort)Folder.Length,
        };
        "a name\0garbage"u8.CopyTo(record.Task.Name);
        "its parent\0"u8.CopyTo(record.ParentName);
        change?.Invoke(ref record);
        return
        [
            .. MemoryMarshal.AsBytes(new ReadOnlySpan<ExecRecord>(in record)),
            .. Encoding.UTF8.GetBytes(Cgroup + terminal + FileName + executable + Folder + Arguments),
        ];
    }
}
