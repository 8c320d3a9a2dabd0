using System.Globalization;

namespace Ebee.Host;

/// <summary>The effective capabilities of this process (/proc/self/status, CapEff).</summary>
internal static class Capabilities
{
    // include/uapi/linux/capability.h
    private const int SysAdmin = 21;
    private const int Perfmon = 38;
    private const int Bpf = 39;

    /// <summary>What tracing programs need and this process lacks, in words; empty when nothing is missing.</summary>
    public static string MissingForTracing()
    {
        ulong effective = Effective();
        if (Has(effective, SysAdmin) || (Has(effective, Bpf) && Has(effective, Perfmon)))
        {
            return "";
        }
        return (Has(effective, Bpf), Has(effective, Perfmon)) switch
        {
            (false, false) => "CAP_BPF and CAP_PERFMON",
            (false, true) => "CAP_BPF",
            _ => "CAP_PERFMON",
        };
    }

    /// <summary>What listing the host's programs, maps and links needs and this process lacks; empty when nothing is missing.</summary>
    public static string MissingForInventory() => Has(Effective(), SysAdmin) ? "" : "CAP_SYS_ADMIN";

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
