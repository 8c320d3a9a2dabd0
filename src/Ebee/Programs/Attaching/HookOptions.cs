namespace Ebee.Programs;

/// <summary>
/// What programs are attached to whose sections leave it open, or name it and are to be attached elsewhere. A value that no program of
/// the object needs is an error.
/// </summary>
public class HookOptions
{
    /// <summary>For tracepoint programs: category:name, such as <c>syscalls:sys_enter_execve</c>; for raw_tracepoint and tp_btf
    /// programs the name alone.</summary>
    public string? Tracepoint { get; init; }

    /// <summary>For kprobe, fentry, fexit, fmod_ret, lsm, ksyscall programs: the kernel's function, hook or system call; for
    /// kprobe.multi a pattern with <c>*</c> and <c>?</c>.</summary>
    public string? Function { get; init; }

    /// <summary>For xdp and tc programs: network interfaces by name.</summary>
    public IReadOnlyList<string> Interface { get; init; } = [];

    /// <summary>For xdp programs: where packets meet them.</summary>
    public XdpMode? XdpMode { get; init; }

    /// <summary>For tc programs: which packets they see. Ingress unless told.</summary>
    public TrafficDirection? Direction { get; init; }

    /// <summary>For cgroup and sockops programs: a cgroup v2 folder.</summary>
    public string? CgroupPath { get; init; }

    /// <summary>For uprobe and usdt programs: a binary or a library, by path.</summary>
    public string? BinaryPath { get; init; }

    /// <summary>For uprobe programs: a function, or function+offset; for usdt programs provider:name.</summary>
    public string? Symbol { get; init; }

    /// <summary>For uprobe, usdt and perf_event programs: only in this process.</summary>
    public int? ProcessId { get; init; }

    /// <summary>For perf_event programs: samples a second on each CPU, 1 to 10,000. 99 unless told.</summary>
    public int? Frequency { get; init; }

    /// <summary>For perf_event programs: what is sampled, by perf's name, such as <c>cache-misses</c>. The CPU's clock unless told.</summary>
    public string? PerfEvent { get; init; }

    /// <summary>Where a relative path of a section begins; null for the process's working directory.</summary>
    internal string? CurrentFolder { get; init; }

    /// <summary>The section that functions go to whose source names none, by which of these are given; null when none says it.</summary>
    internal string? Section => Tracepoint is not null ? "tracepoint"
        : Function is not null ? "kprobe"
        : BinaryPath is not null ? "uprobe"
        : Interface.Count > 0 ? Direction is null ? "xdp" : "tc"
        : Frequency is not null || PerfEvent is not null ? "perf_event"
        : null;
}

/// <summary>Where packets meet an xdp program (XDP_FLAGS_… of linux/if_link.h).</summary>
public enum XdpMode
{
    /// <summary>The driver's mode where it has one, else the generic one.</summary>
    Default = 0,

    /// <summary>In the kernel's network stack, which any device has (XDP_FLAGS_SKB_MODE).</summary>
    Generic = 2,

    /// <summary>In the driver (XDP_FLAGS_DRV_MODE).</summary>
    Native = 4,

    /// <summary>In the network card (XDP_FLAGS_HW_MODE).</summary>
    Offload = 8,
}

/// <summary>Which packets of an interface a tc program sees.</summary>
public enum TrafficDirection
{
    /// <summary>Those that arrive.</summary>
    Ingress,

    /// <summary>Those that leave.</summary>
    Egress,
}
