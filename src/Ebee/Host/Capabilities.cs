using System.Globalization;

namespace Ebee.Host;

/// <summary>The effective capabilities of this process (/proc/self/status, CapEff).</summary>
internal static class Capabilities
{
    // include/uapi/linux/capability.h
    private const int NetAdmin = 12;
    private const int SysAdmin = 21;
    private const int Syslog = 34;
    private const int Perfmon = 38;
    private const int Bpf = 39;

    /// <summary>What tracing programs need and this process lacks, in words; empty when nothing is missing.</summary>
    public static string MissingForTracing() => Missing((Bpf, "CAP_BPF"), (Perfmon, "CAP_PERFMON"));

    /// <summary>
    /// What listing the host's programs, maps and links needs and this process lacks, and a uprobe that is not uprobe.multi,
    /// and perf events where <see cref="PerfEventParanoid"/> forbids them; empty when nothing is missing.
    /// </summary>
    public static string MissingForAdministration() => Has(Effective(), SysAdmin) ? "" : "CAP_SYS_ADMIN";

    /// <summary>What perf events of the whole machine need, and this process lacks; empty when nothing is missing.</summary>
    public static string MissingForPerfEvents() => PerfEventParanoid.IsForAdministrators() ? MissingForAdministration() : Missing((Perfmon, "CAP_PERFMON"));

    /// <summary>What programs that see packets or sockets need and this process lacks; empty when nothing is missing.</summary>
    public static string MissingForNetwork() => Missing((Bpf, "CAP_BPF"), (NetAdmin, "CAP_NET_ADMIN"));

    /// <summary>What finding out about every feature of the kernel needs and this process lacks; empty when nothing is missing.</summary>
    public static string MissingForFeatures() => Missing((Bpf, "CAP_BPF"), (Perfmon, "CAP_PERFMON"), (NetAdmin, "CAP_NET_ADMIN"));

    /// <summary>What seeing the addresses of the kernel's functions needs and this process lacks; empty when nothing is missing.</summary>
    public static string MissingForSymbols() => Has(Effective(), Syslog) ? "" : "CAP_SYSLOG";

    // CAP_SYS_ADMIN is as good as any of these.
    private static string Missing(params (int Capability, string Name)[] needed)
    {
        ulong effective = Effective();
        return Has(effective, SysAdmin) ? "" : string.Join(" and ", needed.Where(n => !Has(effective, n.Capability)).Select(n => n.Name));
    }

    private static bool Has(ulong set, int capability) => (set >> capability & 1) != 0;

    private static ulong Effective()
    {
        foreach (string line in File.ReadLines("/proc/self/status"))
        {
            if (line.StartsWith("CapEff:", StringComparison.Ordinal))
            {
                return ulong.Parse(line.AsSpan(7).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
        }
        return 0;
    }
}
