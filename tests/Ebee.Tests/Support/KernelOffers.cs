using Ebee.Host;
using Ebee.Host.Features;

namespace Ebee.Tests.Support;

/// <summary>
/// What the running kernel need not offer: what is newer than it, what its configuration leaves out, and what a reviewed line
/// of tests/kernels/missing says. All else that is missing is a failure, not a skip.
/// </summary>
internal static class KernelOffers
{
    private static readonly string Release = File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    /// <summary>Why a feature may be missing here; null when it must be there.</summary>
    public static string? MayMiss(string feature)
    {
        KernelFeature needed = KernelFeature.Of(feature);
        if (IsOlderThan(needed.MinimumKernel))
        {
            return $"{feature} needs Linux {needed.MinimumKernel}";
        }
        Dictionary<string, string>? options = KernelOptions.Read().Options;
        if (options is not null && Array.Find(needed.Config, option => !options.ContainsKey(option)) is { } missing)
        {
            return $"{feature} needs {missing}";
        }
        if (feature == "lsm" && SystemFacts.WithoutBpf() is { } modules)
        {
            return $"lsm needs bpf among the security modules ({modules})";
        }
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "kernels", "missing")))
        {
            string[] parts = line.Split((char[]?)null, 3, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 3 && parts[0][0] != '#' && System.Text.RegularExpressions.Regex.IsMatch(Release, parts[0]) && parts[1] == feature)
            {
                return $"{feature}: {parts[2]}";
            }
        }
        return null;
    }

    /// <summary>Whether the running kernel is older than a version, such as 6.3.</summary>
    public static bool IsOlderThan(string version) => Version.Parse(version) is { } needed && KernelRelease.IsOlderThan(needed.Major, needed.Minor);

    /// <summary>The feature that a program of causes/attach.bpf.c shows.</summary>
    public static string FeatureOf(string program) => program.Split('_')[0] switch
    {
        "kprobe" when program.Contains("multi", StringComparison.Ordinal) => "kprobe.multi",
        "uprobe" or "uretprobe" when program.Contains("multi", StringComparison.Ordinal) => "uprobe.multi",
        "ksyscall" => "kprobe",
        "raw" => "raw_tracepoint",
        "btf" => "tp_btf",
        "perf" => "perf_event",
        "tc" or "tcx" => "tcx",
        "connect4" or "egress" or "socket" => "cgroup",
        "lookup" => "sk_lookup",
        "dissector" => "flow_dissector",
        "iterator" => "iter",
        "message" or "test" or "nonsense" => "BTF",
        string kind => kind,
    };
}
