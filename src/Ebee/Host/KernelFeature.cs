using System.Text;

namespace Ebee.Host;

/// <summary>
/// What Ebee uses of the kernel: since when the kernel has it, by what source, and what happens where it is missing. The one
/// list: Get-EbpfFeature, the tests on other kernels and docs/kernels.md all take it from here.
/// </summary>
/// <param name="Name">As Get-EbpfFeature shows it.</param>
/// <param name="MinimumKernel">The first Linux that has it.</param>
/// <param name="Config">The options that it needs; any kernel of a distribution has the others.</param>
/// <param name="Source">Where the fact is from.</param>
/// <param name="Fallback">What Ebee does without it.</param>
public sealed record KernelFeature(string Name, string MinimumKernel, string[] Config, string Source, string Fallback)
{
    private const string Error = "an error that says so";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KernelFeature> All { get; } =
    [
        new("BTF", "5.2", ["CONFIG_DEBUG_INFO_BTF"], "kernel/bpf/btf.c", Error),
        new("ring buffer", "5.8", ["CONFIG_BPF_SYSCALL"], "kernel/bpf/ringbuf.c", Error),
        new("boot clock", "5.8", ["CONFIG_BPF_SYSCALL"], "bpf_ktime_get_boot_ns", Error),
        new("batched map reads", "5.6", ["CONFIG_BPF_SYSCALL"], "BPF_MAP_LOOKUP_BATCH", "one call for each entry"),
        new("detached tracefs", "5.2", ["CONFIG_FTRACE"], "fsmount(2)", "tracefs must be mounted"),
        new("mappable BTF", "6.16", ["CONFIG_DEBUG_INFO_BTF"], "kernel/bpf/sysfs_btf.c", "a copy of it is read"),
        new("tracepoint", "4.7", ["CONFIG_FTRACE", "CONFIG_PERF_EVENTS"], "BPF_PROG_TYPE_TRACEPOINT", Error),
        new("raw_tracepoint", "4.17", ["CONFIG_BPF_EVENTS"], "BPF_RAW_TRACEPOINT_OPEN", "tracers: tracepoint"),
        new("tp_btf", "5.5", ["CONFIG_DEBUG_INFO_BTF"], "BPF_TRACE_RAW_TP", "tracers: raw_tracepoint"),
        new("fentry", "5.5", ["CONFIG_DEBUG_INFO_BTF", "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"], "BPF_TRACE_FENTRY", "tracers: kprobe"),
        new("fexit", "5.5", ["CONFIG_DEBUG_INFO_BTF", "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"], "BPF_TRACE_FEXIT", "tracers: kretprobe"),
        new("fmod_ret", "5.7", ["CONFIG_DEBUG_INFO_BTF", "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS"], "BPF_MODIFY_RETURN", Error),
        new("lsm", "5.7", ["CONFIG_BPF_LSM"], "BPF_PROG_TYPE_LSM", Error),
        new("kprobe", "4.17", ["CONFIG_KPROBES"], "the perf device kprobe", "tracers: tracepoints"),
        new("kretprobe", "4.17", ["CONFIG_KPROBES"], "the perf device kprobe", "tracers: tracepoints"),
        new("kprobe.multi", "5.18", ["CONFIG_FPROBE"], "BPF_TRACE_KPROBE_MULTI", Error),
        new("uprobe", "4.17", ["CONFIG_UPROBES"], "the perf device uprobe", Error),
        new("uretprobe", "4.17", ["CONFIG_UPROBES"], "the perf device uprobe", Error),
        new("uprobe.multi", "6.6", ["CONFIG_UPROBES"], "BPF_TRACE_UPROBE_MULTI", Error),
        new("perf_event", "4.9", ["CONFIG_PERF_EVENTS"], "BPF_PROG_TYPE_PERF_EVENT", Error),
        new("perf_event_link", "5.15", ["CONFIG_PERF_EVENTS"], "BPF_PERF_EVENT", "the perf event's own descriptor, which cannot be pinned"),
        new("iter", "5.8", ["CONFIG_DEBUG_INFO_BTF"], "BPF_TRACE_ITER", Error),
        new("struct_ops", "5.6", ["CONFIG_DEBUG_INFO_BTF"], "BPF_PROG_TYPE_STRUCT_OPS", Error),
        new("cgroup", "5.7", ["CONFIG_CGROUP_BPF"], "BPF_LINK_CREATE", Error),
        new("xdp", "5.9", ["CONFIG_NET"], "BPF_LINK_CREATE", Error),
        new("tcx", "6.6", ["CONFIG_NET_CLS_ACT"], "BPF_TCX_INGRESS", Error + ": a filter of an older kernel would outlive the session"),
        new("netfilter", "6.4", ["CONFIG_NETFILTER_BPF_LINK"], "BPF_NETFILTER", "not used"),
        new("sk_lookup", "5.9", ["CONFIG_NET"], "BPF_SK_LOOKUP", Error),
        new("flow_dissector", "5.8", ["CONFIG_NET"], "BPF_LINK_CREATE", Error),
        new("deletion by change time", "6.13", ["CONFIG_FTRACE"], "the tracepoint inode_set_ctime_to_ts", "deletions: the system calls' names"),
    ];

    /// <summary>The one of a name.</summary>
    public static KernelFeature Of(string name) => All.First(feature => feature.Name == name);

    /// <summary>All of them as a table in Markdown.</summary>
    public static string ToMarkdown()
    {
        StringBuilder text = new("| Feature | Linux | Options | Source | Without it |\n|---|---|---|---|---|\n");
        foreach (KernelFeature feature in All)
        {
            text.Append(null, $"| {feature.Name} | {feature.MinimumKernel} | {string.Join(", ", feature.Config)} | {feature.Source} | {feature.Fallback} |\n");
        }
        return text.ToString();
    }
}
