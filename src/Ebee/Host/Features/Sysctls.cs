namespace Ebee.Host.Features;

/// <summary>The settings of the running kernel that have to do with eBPF.</summary>
internal static class Sysctls
{
    private static readonly (string Name, string Path, Func<string, string?> Meaning)[] All =
    [
        // bpftool's
        ("unprivileged_bpf_disabled", "kernel/unprivileged_bpf_disabled", value => value switch
        {
            "0" => "bpf() is for every user",
            "1" => "bpf() is for privileged users, until the next boot",
            "2" => "bpf() is for privileged users",
            _ => null,
        }),
        ("bpf_jit_enable", "net/core/bpf_jit_enable", value => value switch
        {
            "0" => "programs are interpreted",
            "1" => "programs become machine code",
            "2" => "programs become machine code, which is written to the kernel's log",
            _ => null,
        }),
        ("bpf_jit_harden", "net/core/bpf_jit_harden", value => value switch
        {
            "0" => "no hardening",
            "1" => "the programs of unprivileged users are hardened",
            "2" => "all programs are hardened, which costs time",
            _ => null,
        }),
        ("bpf_jit_kallsyms", "net/core/bpf_jit_kallsyms", value => value switch
        {
            "0" => "programs are not shown in /proc/kallsyms",
            "1" => "programs are shown in /proc/kallsyms to root",
            _ => null,
        }),
        ("bpf_jit_limit", "net/core/bpf_jit_limit", _ => "bytes of machine code for unprivileged users"),
        // and what changes what is seen
        ("bpf_stats_enabled", "kernel/bpf_stats_enabled", value => value == "0" ? "runs of programs are not counted" : "runs of programs are counted"),
        ("perf_event_paranoid", "kernel/perf_event_paranoid", PerfEventParanoid.Meaning),
        ("kptr_restrict", "kernel/kptr_restrict", value => value switch
        {
            "0" => "addresses of the kernel are shown to who has CAP_SYSLOG, or to all if perf_event_paranoid is at most 1",
            "1" => "addresses of the kernel are shown to who has CAP_SYSLOG",
            "2" => "addresses of the kernel are shown to nobody",
            _ => null,
        }),
    ];

    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions() => All.Select(sysctl =>
        new FeatureQuestion(EbpfFeatureCategory.Sysctl, sysctl.Name, () => Feature(sysctl.Name, $"/proc/sys/{sysctl.Path}", sysctl.Meaning)));

    private static EbpfFeature Feature(string name, string path, Func<string, string?> meaning)
    {
        try
        {
            string value = File.ReadAllText(path).Trim();
            return new EbpfFeature(EbpfFeatureCategory.Sysctl, name) { Value = value, Detail = meaning(value) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new EbpfFeature(EbpfFeatureCategory.Sysctl, name)
            {
                Detail = e is UnauthorizedAccessException ? $"This user may not read {path}." : $"This kernel has no {path}.",
            };
        }
    }
}
