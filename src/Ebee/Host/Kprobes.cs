namespace Ebee.Host;

/// <summary>Whether the kernel has kprobes at all.</summary>
internal static class Kprobes
{
    /// <summary>Says why not; null when it has them (as a perf device, from Linux 4.17 on).</summary>
    public static string? Missing() => Directory.Exists("/sys/bus/event_source/devices/kprobe")
        ? null
        : "This kernel has no kprobes (CONFIG_KPROBES).";
}
