namespace Ebee.Programs.Attaching;

/// <summary>The one list of what programs can be attached to.</summary>
internal static class AttachKinds
{
    private static readonly AttachKind[] All =
    [
        new TracepointKind(), new RawTracepointKind(), new BtfTracepointKind(), new TracingKind(), new KprobeKind(),
        new KprobeMultiKind(), new KsyscallKind(), new UprobeKind(), new UprobeMultiKind(), new UsdtKind(), new PerfEventKind(),
        new XdpKind(), new TcKind(), new CgroupKind(), new NetworkNamespaceKind(), new SockmapKind(), new IteratorKind(),
    ];

    // Sections of programs that something else than a hook runs: another program, a map, a test run.
    private static readonly string[] Unattached =
        ["syscall", "socket", "action", "freplace", "sk_reuseport", "struct_ops", "struct_ops.s", "xdp/devmap", "xdp/cpumap",
            "xdp.frags/devmap", "xdp.frags/cpumap", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local"];

    // Sections of newer libbpfs, with the numbers that these give their programs: enum bpf_prog_type and enum bpf_attach_type.
    private static readonly Dictionary<string, (uint Type, uint AttachType)> Newer = new(StringComparer.Ordinal)
    {
        ["netfilter"] = (32, 45), ["netkit/primary"] = (3, 54), ["netkit/peer"] = (3, 55),
        ["kprobe.session"] = (2, 56), ["uprobe.session"] = (2, 57), ["uprobe.session.s"] = (2, 57),
    };

    /// <summary>The kind that a section means; null for programs that are loaded and not attached.</summary>
    /// <exception cref="EbpfException">The section means nothing.</exception>
    public static AttachKind? Of(ObjectProgram program)
    {
        string section = program.Section;
        if (Array.Exists(Unattached, s => Means(section, s)))
        {
            return null;
        }
        if (Array.Find(All, kind => kind.Sections.Any(s => Means(section, s))) is { } known)
        {
            return known;
        }
        if (Newer.Keys.FirstOrDefault(s => Means(section, s)) is { } newer && program.Type == 0)
        {
            program.SetType(Newer[newer].Type, Newer[newer].AttachType);
        }
        return program.Type != 0 ? null // libbpf knows what it is
            : throw new EbpfException(EbpfError.InvalidObject, $"The program {program.Name} is in the section '{section}', which names no hook.",
                $"Use one of these: {string.Join(", ", All.SelectMany(kind => kind.Sections))}.");
    }

    private static bool Means(string section, string known) =>
        section.StartsWith(known, StringComparison.Ordinal) && (section.Length == known.Length || section[known.Length] == '/');
}
