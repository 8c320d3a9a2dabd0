using System.Runtime.InteropServices;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host.Features;

/// <summary>What this kernel and this machine have that eBPF needs or that limits it.</summary>
internal static class SystemFacts
{
    private const string KernelBtf = "/sys/kernel/btf/vmlinux";
    private const uint SocketFilter = 1; // BPF_PROG_TYPE_SOCKET_FILTER

    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions() =>
    [
        Question("kernel_release", () => (null, KernelRelease.Text, null)),
        Question("libbpf", () => (null, Marshal.PtrToStringUTF8(LibBpf.libbpf_version_string()), null)),
        Question("bpf_syscall", HasBpf),
        Question("btf", () => (File.Exists(KernelBtf), null, File.Exists(KernelBtf) ? KernelBtf : $"{KernelBtf} is missing")),
        Question("lockdown", Lockdown),
        Question("lsm", SecurityModules),
        Question("tracefs", TraceFileSystem),
        Question("bpffs", () => Mounted("bpf", Programs.BpfFs.Mount)),
        Question("cgroup2", () => Mounted("cgroup2", "mount -t cgroup2 none /sys/fs/cgroup")),
    ];

    /// <summary>
    /// A file of the security file system; null when the kernel has none of that name, or this user may not see it. Where it is
    /// not mounted it is mounted for the moment, for this process alone.
    /// </summary>
    public static string? SecurityFile(string name)
    {
        string? folder = MountTable.Read().Find(mount => mount.Type == "securityfs")?.Folder;
        using SafeFileHandle? own = folder is null && DetachedMount.Create("securityfs", out _) is > 0 and int fd ? new(fd, ownsHandle: true) : null;
        try
        {
            return File.ReadAllText(Path.Combine(folder ?? $"/proc/self/fd/{own?.DangerousGetHandle()}", name)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static FeatureQuestion Question(string name, Func<(bool? IsSupported, string? Value, string? Detail)> find) =>
        new(EbpfFeatureCategory.System, name, () =>
        {
            (bool? isSupported, string? value, string? detail) = find();
            return new EbpfFeature(EbpfFeatureCategory.System, name) { IsSupported = isSupported, Value = value, Detail = detail };
        });

    private static (bool?, string?, string?) HasBpf()
    {
        using LibBpfLog quiet = new();
        const int NoSystemCall = 38; // ENOSYS
        _ = new TrialProgram(SocketFilter).Loads(TrialProgram.Nothing, out int errno, out _);
        return (errno != NoSystemCall, null, errno == 0 ? null : Errno.Name(errno));
    }

    // One of the modes is in brackets.
    private static (bool?, string?, string?) Lockdown() => SecurityFile("lockdown") is not { } modes
        ? (null, null, "/sys/kernel/security/lockdown is not there, or not for this user")
        : modes[(modes.IndexOf('[', StringComparison.Ordinal) + 1)..].Split(']')[0] is var mode && mode == "none" ? (null, mode, "no program is refused for it")
        : (null, mode, mode == "integrity" ? "programs that write to the memory of processes are refused" : "programs that read the kernel's memory are refused");

    private static (bool?, string?, string?) SecurityModules() => SecurityFile("lsm") is not { } modules
        ? (null, null, "/sys/kernel/security/lsm is not there, or not for this user")
        : (null, modules, WithoutBpf() is null ? "programs of the type lsm run" : $"programs of the type lsm do not run: boot with lsm={modules},bpf");

    /// <summary>The security modules when bpf is not among them: LSM programs are then attached and never run. Null otherwise.</summary>
    public static string? WithoutBpf() => SecurityFile("lsm") is { } modules && !modules.Split(',').Contains("bpf") ? modules : null;

    private static (bool?, string?, string?) TraceFileSystem()
    {
        try
        {
            string folder = Tracefs.Folder();
            return folder.StartsWith("/proc/", StringComparison.Ordinal)
                ? (true, null, "not mounted; this process has a mount of its own")
                : (true, folder, null);
        }
        catch (EbpfException e)
        {
            return (false, null, $"{e.Message} {e.RecommendedAction}");
        }
    }

    private static (bool?, string?, string?) Mounted(string type, string command) =>
        MountTable.Read().Find(mount => mount.Type == type)?.Folder is { } folder
            ? (true, folder, null)
            : (false, null, $"not mounted; as root: {command}");
}
