using System.Globalization;

namespace Ebee.Programs;

/// <summary>
/// A link that the kernel holds, which keeps a program attached, as it was when it was listed. What its kind of link does not
/// have is null.
/// </summary>
public sealed class EbpfLink
{
    internal EbpfLink()
    {
    }

    /// <summary>The kernel's id of it.</summary>
    public uint Id { get; internal init; }

    /// <summary>The kind of link, as bpftool names it: raw_tracepoint, tracing, cgroup, xdp, perf_event.</summary>
    public string Type { get; internal init; } = "";

    /// <summary>The program's id; 0 for a struct_ops link, which attaches a map.</summary>
    public uint ProgramId { get; internal init; }

    /// <summary>The program's name; null when there is no program.</summary>
    public string? ProgramName { get; internal init; }

    /// <summary>The program's kind; null when there is no program.</summary>
    public string? ProgramType { get; internal init; }

    /// <summary>How it is attached, as bpftool names it: trace_fentry, cgroup_inet4_connect, tcx_ingress.</summary>
    public string? AttachType { get; internal set; }

    /// <summary>The tracepoint, of raw_tracepoint and perf_event links.</summary>
    public string? TracepointName { get; internal set; }

    /// <summary>What is traced or iterated: a function, a tracepoint's type, an iterator.</summary>
    public string? TargetName { get; internal set; }

    /// <summary>Of a tracing link: the id of the BTF that its target is in, or of the program that it extends.</summary>
    public uint? TargetObjectId { get; internal set; }

    /// <summary>Of a tracing link: the number of its target in that BTF.</summary>
    public uint? TargetBtfId { get; internal set; }

    /// <summary>Of a cgroup link or an iterator of cgroups: the cgroup's id.</summary>
    public ulong? CgroupId { get; internal set; }

    /// <summary>Of an iterator of a process: the process's id.</summary>
    public uint? TargetProcessId { get; internal set; }

    /// <summary>Of an iterator of a thread: the thread's id.</summary>
    public uint? TargetThreadId { get; internal set; }

    /// <summary>The inode of the network namespace it is attached to.</summary>
    public uint? NetworkNamespace { get; internal set; }

    /// <summary>The index of the network interface; 0 when that is gone.</summary>
    public uint? InterfaceIndex { get; internal set; }

    /// <summary>The name of that interface, when it is one of this network namespace.</summary>
    public string? InterfaceName { get; internal set; }

    /// <summary>The map, of a struct_ops or sockmap link or an iterator of a map.</summary>
    public uint? MapId { get; internal set; }

    /// <summary>The kernel's function, of a kprobe.</summary>
    public string? FunctionName { get; internal set; }

    /// <summary>The file, of a uprobe.</summary>
    public string? Path { get; internal set; }

    /// <summary>Bytes from the start of the function or of the file, of a kprobe or uprobe.</summary>
    public uint? Offset { get; internal set; }

    /// <summary>How many functions, of a kprobe_multi or uprobe_multi link.</summary>
    public uint? FunctionCount { get; internal set; }

    /// <summary>How often the kernel did not run it, of a kprobe.</summary>
    public ulong? Missed { get; internal set; }

    /// <summary>What the perf event is: uprobe, uretprobe, kprobe, kretprobe, tracepoint, event.</summary>
    public string? PerfEventType { get; internal set; }

    /// <summary>The protocol family's number, of a netfilter link.</summary>
    public uint? ProtocolFamily { get; internal set; }

    /// <summary>The netfilter hook's number.</summary>
    public uint? Hook { get; internal set; }

    /// <summary>The priority, of a netfilter link.</summary>
    public int? Priority { get; internal set; }

    /// <summary>What it attaches to, whatever its kind calls it: tracepoint, function, file, interface, cgroup or map.</summary>
    public string? Target => TracepointName ?? FunctionName ?? Path ?? InterfaceName ?? TargetName
        ?? (CgroupId ?? MapId)?.ToString(CultureInfo.InvariantCulture);

    /// <summary>The processes that hold it open.</summary>
    public int[] ProcessId { get; internal init; } = [];

    /// <summary>The names of these processes, in the same order.</summary>
    public string[] ProcessName { get; internal init; } = [];

    /// <summary>Its kind and what it is attached to.</summary>
    public override string ToString() =>
        $"{AttachType ?? PerfEventType ?? Type} {TracepointName ?? FunctionName ?? TargetName ?? InterfaceName ?? Path ?? $"{CgroupId ?? NetworkNamespace ?? MapId}"}".TrimEnd();
}
