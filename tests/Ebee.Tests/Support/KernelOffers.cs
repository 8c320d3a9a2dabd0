using Ebee.Host;
using Ebee.Native;

namespace Ebee.Tests.Support;

/// <summary>What the running kernel does not offer, by facts that are not Ebee's own tries.</summary>
internal static unsafe class KernelOffers
{
    /// <summary>Why a program of causes/attach.bpf.c cannot run here; null when it must.</summary>
    public static string? Missing(string program) => program.Split('_')[0] switch
    {
        "kprobe" or "kretprobe" or "ksyscall" => Kprobes.Missing() is null ? MissingMulti(program) : "kprobes are not in this kernel",
        "fentry" or "fexit" or "lsm" => LibBpfLoads(program) ? null : $"{program.Split('_')[0]} programs are refused by this kernel",
        "uprobe" or "uretprobe" => program.Contains("multi", StringComparison.Ordinal) && KernelVersion() < new Version(6, 6) ? "uprobe.multi needs Linux 6.6" : null,
        "tc" or "tcx" => KernelVersion() < new Version(6, 6) ? "tcx needs Linux 6.6" : null,
        _ => null,
    };

    private static string? MissingMulti(string program) =>
        !program.Contains("multi", StringComparison.Ordinal) || File.ReadLines("/proc/kallsyms").Any(line => line.EndsWith(" register_fprobe", StringComparison.Ordinal))
            ? null : "kprobe.multi needs CONFIG_FPROBE";

    private static Version KernelVersion() => Version.Parse(string.Join('.', File.ReadAllText("/proc/sys/kernel/osrelease").Split('.', '-').Take(2)));

    // With libbpf alone: this kernel may have the function that is traced, and refuse the program all the same.
    private static bool LibBpfLoads(string program)
    {
        byte[] content = File.ReadAllBytes(BpfCause.Object("attach"));
        fixed (byte* data = content)
        {
            using BpfObjectHandle handle = new(LibBpf.bpf_object__open_mem(data, (nuint)content.Length, null));
            for (nint other = LibBpf.bpf_object__next_program(handle, 0); other != 0; other = LibBpf.bpf_object__next_program(handle, other))
            {
                _ = LibBpf.bpf_program__set_autoload(other, false);
            }
            nint wanted = LibBpf.bpf_object__find_program_by_name(handle, program);
            _ = LibBpf.bpf_program__set_autoload(wanted, true);
            if (program.EndsWith("open", StringComparison.Ordinal))
            {
                Assert.Equal(0, LibBpf.bpf_program__set_attach_target(wanted, 0, "__x64_sys_getsid"));
            }
            return LibBpf.bpf_object__load(handle) == 0;
        }
    }
}
