using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>What the processes of a cgroup v2 do: packets, sockets, devices, sysctls; a link each, Linux 5.7.</summary>
internal sealed class CgroupKind : AttachKind
{
    private const uint ProgramTypeSockAddr = 18;

    // Linux 6.7; libbpf 1.1 does not know them.
    private static readonly Dictionary<string, uint> UnixSockets = new(StringComparer.Ordinal)
    {
        ["connect_unix"] = 49, ["sendmsg_unix"] = 50, ["recvmsg_unix"] = 51, ["getpeername_unix"] = 52, ["getsockname_unix"] = 53,
    };

    public override IReadOnlyList<string> Sections { get; } = ["cgroup", "cgroup_skb", "sockops", "lsm_cgroup"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        if (UnixSockets.TryGetValue(program.Argument, out uint type))
        {
            program.SetType(ProgramTypeSockAddr, type);
        }
        string path = Find(request.CgroupPath(program));
        yield return LibBpfHook(program.Section, path, loaded =>
        {
            using SafeFileHandle folder = Open(path);
            return LibBpf.bpf_program__attach_cgroup(loaded.Handle, folder);
        });
    }

    private static string Find(string path) =>
        new[] { path, "/sys/fs/cgroup" + path, "/sys/fs/cgroup/unified" + path }
            .FirstOrDefault(folder => folder.StartsWith('/') && File.Exists(Path.Join(folder, "cgroup.procs")))
        ?? throw new EbpfException(EbpfError.CgroupNotFound, $"There is no cgroup v2 '{path}'.",
            "Give its folder, such as /sys/fs/cgroup/my.slice. If none is mounted: mount -t cgroup2 none /sys/fs/cgroup.");

    private static SafeFileHandle Open(string path)
    {
        int fd = LibC.open(path, LibC.OpenCloexec, 0);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true)
            : throw new EbpfException(EbpfError.CgroupNotFound, $"The cgroup '{path}' could not be opened.", "Look whether it is still there.");
    }
}
