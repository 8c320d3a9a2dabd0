namespace Ebee.Programs;

/// <summary>The names of what programs return, by their type (include/uapi/linux/bpf.h, pkt_cls.h, netfilter.h).</summary>
internal static class ReturnNames
{
    private static readonly string[] Xdp = ["XDP_ABORTED", "XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"];
    private static readonly string[] Tc =
        ["TC_ACT_OK", "TC_ACT_RECLASSIFY", "TC_ACT_SHOT", "TC_ACT_PIPE", "TC_ACT_STOLEN", "TC_ACT_QUEUED", "TC_ACT_REPEAT", "TC_ACT_REDIRECT", "TC_ACT_TRAP"];
    private static readonly string[] Sockets = ["SK_DROP", "SK_PASS"];
    private static readonly string[] Netfilter = ["NF_DROP", "NF_ACCEPT"];

    /// <summary>The name; null when there is none.</summary>
    public static string? Of(string programType, uint value) => programType switch
    {
        "xdp" => At(Xdp, value),
        "sched_cls" or "sched_act" => value == uint.MaxValue ? "TC_ACT_UNSPEC" : At(Tc, value),
        "sk_lookup" => At(Sockets, value),
        "netfilter" => At(Netfilter, value),
        "lwt_in" or "lwt_out" or "lwt_xmit" or "lwt_seg6local" or "flow_dissector" => value switch
        {
            0 => "BPF_OK",
            2 => "BPF_DROP",
            7 => "BPF_REDIRECT",
            128 when programType != "flow_dissector" => "BPF_LWT_REROUTE",
            129 when programType == "flow_dissector" => "BPF_FLOW_DISSECTOR_CONTINUE",
            _ => null,
        },
        _ => null,
    };

    private static string? At(string[] names, uint value) => value < names.Length ? names[value] : null;
}
