using Ebee.Host.Features;

namespace Ebee.Host;

/// <summary>What can forbid eBPF to a process that has the capabilities.</summary>
internal static class Confinement
{
    /// <summary>What confines this process, as the end of a sentence, and what to do; null when nothing that can be seen does.</summary>
    public static (string Fact, string Action)? Find() =>
        IsInUserNamespace() ? ("it is in a user namespace, and they count in the initial one only",
            "Run it outside: sudo pwsh, or sudo ebee. Start a container by root, without a user namespace (docker run --userns=host).")
        : IsConfidential()
            ? ("the kernel is locked down (confidentiality), and lets no program read its memory",
                "Boot with lockdown=integrity, or without lockdown: cat /sys/kernel/security/lockdown shows the mode.")
        : HasSeccompFilter() ? ("a seccomp filter is active, which may forbid bpf or perf_event_open",
            "Start the container with --cap-add SYS_ADMIN, which most profiles ask for, or with --security-opt seccomp= and a profile that allows both.")
        : null;

    /// <summary>Whether the kernel is locked down to confidentiality, so that no program reads its memory.</summary>
    public static bool IsConfidential() => SystemFacts.SecurityFile("lockdown")?.Contains("[confidentiality]", StringComparison.Ordinal) == true;

    // The initial one maps all ids to themselves.
    private static bool IsInUserNamespace() =>
        File.ReadAllText("/proc/self/uid_map").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295"];

    private static bool HasSeccompFilter() => File.ReadLines("/proc/self/status")
        .Any(line => line.StartsWith("Seccomp:", StringComparison.Ordinal) && line.AsSpan(8).Trim() is "2"); // SECCOMP_MODE_FILTER
}
