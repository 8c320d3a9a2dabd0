namespace Ebee.Host;

/// <summary>What any tracer needs of the machine, checked before libbpf is touched.</summary>
internal static class KernelRequirements
{
    /// <summary>Throws when this is not Linux 5.8 or newer with BTF.</summary>
    public static void Check()
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new EbpfException(EbpfError.NotLinux, "Ebee traces the Linux kernel, and this is not Linux.",
                "Run it on a Linux machine, kernel 5.8 or newer.");
        }
        Check(KernelRelease.Text, File.Exists("/sys/kernel/btf/vmlinux"));
    }

    internal static void Check(string release, bool hasBtf)
    {
        if (KernelRelease.IsOlderThan(release, 5, 8))
        {
            throw new EbpfException(EbpfError.KernelTooOld,
                $"This kernel is {release}; Ebee needs 5.8 or newer, for the ring buffer and the boot clock in eBPF.",
                "Upgrade the kernel (uname -r shows it).");
        }
        if (!hasBtf)
        {
            throw new EbpfException(EbpfError.NoBtf,
                $"This kernel ({release}) has no BTF: /sys/kernel/btf/vmlinux is missing.",
                "Use a distribution's kernel (Debian 11, Ubuntu 20.10, RHEL 8.2 or newer), or build it with CONFIG_DEBUG_INFO_BTF=y. " +
                "In a container, mount /sys.");
        }
    }
}
