using System.IO.Compression;

namespace Ebee.Host.Features;

/// <summary>The options that the running kernel was built with, where the machine has them.</summary>
internal static class KernelOptions
{
    private static readonly string[] Wanted =
    [
        // bpftool's
        "CONFIG_BPF", "CONFIG_BPF_SYSCALL", "CONFIG_HAVE_EBPF_JIT", "CONFIG_BPF_JIT", "CONFIG_BPF_JIT_ALWAYS_ON", "CONFIG_DEBUG_INFO_BTF",
        "CONFIG_DEBUG_INFO_BTF_MODULES", "CONFIG_CGROUPS", "CONFIG_CGROUP_BPF", "CONFIG_CGROUP_NET_CLASSID", "CONFIG_SOCK_CGROUP_DATA",
        "CONFIG_BPF_EVENTS", "CONFIG_KPROBE_EVENTS", "CONFIG_UPROBE_EVENTS", "CONFIG_TRACING", "CONFIG_FTRACE_SYSCALLS",
        "CONFIG_FUNCTION_ERROR_INJECTION", "CONFIG_BPF_KPROBE_OVERRIDE", "CONFIG_NET", "CONFIG_XDP_SOCKETS", "CONFIG_LWTUNNEL_BPF",
        "CONFIG_NET_ACT_BPF", "CONFIG_NET_CLS_BPF", "CONFIG_NET_CLS_ACT", "CONFIG_NET_SCH_INGRESS", "CONFIG_XFRM", "CONFIG_IP_ROUTE_CLASSID",
        "CONFIG_IPV6_SEG6_BPF", "CONFIG_BPF_LIRC_MODE2", "CONFIG_BPF_STREAM_PARSER", "CONFIG_NETFILTER_XT_MATCH_BPF", "CONFIG_BPFILTER",
        "CONFIG_BPFILTER_UMH", "CONFIG_TEST_BPF", "CONFIG_HZ",
        // and what attaching needs
        "CONFIG_BPF_LSM", "CONFIG_BPF_UNPRIV_DEFAULT_OFF", "CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS", "CONFIG_FPROBE", "CONFIG_FTRACE",
        "CONFIG_FUNCTION_TRACER", "CONFIG_KALLSYMS_ALL", "CONFIG_KPROBES", "CONFIG_LSM", "CONFIG_NETFILTER_BPF_LINK", "CONFIG_NETKIT",
        "CONFIG_PERF_EVENTS", "CONFIG_SECURITY_LOCKDOWN_LSM", "CONFIG_UPROBES",
    ];

    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions()
    {
        Lazy<(Dictionary<string, string>? Options, string Source)> config = new(Read);
        return Wanted.Select(name => new FeatureQuestion(EbpfFeatureCategory.KernelOption, name, () => Feature(name, config.Value.Options, config.Value.Source)));
    }

    /// <summary>Reads the text of a configuration: what is set, without quotation marks.</summary>
    internal static Dictionary<string, string> Parse(TextReader text)
    {
        Dictionary<string, string> options = new(StringComparer.Ordinal);
        for (string? line; (line = text.ReadLine()) is not null;)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line.StartsWith("CONFIG_", StringComparison.Ordinal))
            {
                options[line[..equals]] = line[(equals + 1)..].Trim('"');
            }
        }
        return options;
    }

    private static EbpfFeature Feature(string name, Dictionary<string, string>? options, string source) => options is null
        ? new EbpfFeature(EbpfFeatureCategory.KernelOption, name) { Detail = source }
        : new EbpfFeature(EbpfFeatureCategory.KernelOption, name)
        {
            IsSupported = options.ContainsKey(name),
            Value = options.GetValueOrDefault(name),
            Detail = options.ContainsKey(name) ? $"set in {source}" : $"not set in {source}",
        };

    /// <summary>The running kernel's options, looked for in bpftool's order, and where they were found; null with the reason.</summary>
    internal static (Dictionary<string, string>? Options, string Source) Read()
    {
        string installed = $"/boot/config-{KernelRelease.Text}";
        foreach (string path in new[] { installed, "/proc/config.gz" })
        {
            try
            {
                using FileStream file = File.OpenRead(path);
                using Stream plain = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
                using StreamReader reader = new(plain);
                return (Parse(reader), path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                // the other one, then
            }
        }
        return (null, $"Neither {installed} nor /proc/config.gz can be read.");
    }
}
