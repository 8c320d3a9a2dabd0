using Ebee.Btf;
using Ebee.Native;

namespace Ebee.Host.Features;

/// <summary>The types of programs that the kernel takes, by loading one of each.</summary>
internal sealed unsafe class ProgramTypes
{
    // enum bpf_prog_type
    private const uint SockAddr = 18, SockOpt = 25, Tracing = 26, StructOps = 27, Extension = 28, Lsm = 29, SkLookup = 30, Syscall = 31, Netfilter = 32;

    // enum bpf_attach_type
    private const uint Inet4Connect = 10, GetSockOpt = 21, TraceRawTracepoint = 23, TraceFentry = 24, LsmMac = 27, TraceIterator = 28,
        SkLookupAttach = 36, NetfilterAttach = 45;

    private const uint Sleepable = 1 << 4; // BPF_F_SLEEPABLE

    private readonly KernelTypes _types;
    private readonly Dictionary<uint, EbpfFeature> _asked = [];

    public ProgramTypes(KernelTypes types)
    {
        _types = types;
        All = TypeNames.OfPrograms(types);
    }

    /// <summary>All that are known, by name and number.</summary>
    public List<(string Name, uint Number)> All { get; }

    /// <summary>The questions.</summary>
    public IEnumerable<FeatureQuestion> Questions() =>
        All.Select(type => new FeatureQuestion(EbpfFeatureCategory.ProgramType, type.Name, () => Feature(type.Name, type.Number)));

    /// <summary>Whether the kernel takes programs of a type.</summary>
    public bool IsSupported(string name, uint number) => Feature(name, number).IsSupported == true;

    /// <summary>Programs of a type as the kernel wants them; one for each place that makes a difference to what they may call.</summary>
    public IEnumerable<TrialProgram> Trials(uint type) => type switch
    {
        SockAddr => [new(type, Inet4Connect)],
        SockOpt => [new(type, GetSockOpt)],
        SkLookup => [new(type, SkLookupAttach)],
        Netfilter => [new(type, NetfilterAttach)],
        Syscall => [new(type, Flags: Sleepable)],
        Tracing =>
        [
            .. Traced(type, TraceFentry, BtfKind.Function, "bpf_fentry_test1"),
            .. Traced(type, TraceRawTracepoint, BtfKind.Typedef, "btf_trace_sched_switch"),
            .. Traced(type, TraceIterator, BtfKind.Function, "bpf_iter_task"),
        ],
        Lsm => Traced(type, LsmMac, BtfKind.Function, "bpf_lsm_file_open"),
        StructOps => Operation(),
        Extension => [], // it takes the place of a function of another program, and is of that one's type
        _ => [new(type)],
    };

    private EbpfFeature Feature(string name, uint number) => _asked.TryGetValue(number, out EbpfFeature? known)
        ? known
        : _asked[number] = Find(name, number);

    private EbpfFeature Find(string name, uint number)
    {
        using LibBpfLog quiet = new();
        if (LibBpf.libbpf_probe_bpf_prog_type(number, null) == 1)
        {
            return new EbpfFeature(EbpfFeatureCategory.ProgramType, name) { IsSupported = true };
        }
        // libbpf's trial of these depends on what the first type of the kernel's BTF is and on words of the verifier's that have
        // changed; what it does not know, it does not try.
        if (number == Extension)
        {
            return new EbpfFeature(EbpfFeatureCategory.ProgramType, name)
            {
                IsSupported = IsExtensionKnown(out string said),
                Detail = said,
            };
        }
        string reason = "The kernel's BTF has nothing that such a program could be attached to.";
        foreach (TrialProgram trial in Trials(number))
        {
            if (trial.Loads(TrialProgram.Nothing, out int errno, out string log))
            {
                return new EbpfFeature(EbpfFeatureCategory.ProgramType, name) { IsSupported = true };
            }
            reason = Reason(errno, log);
        }
        return new EbpfFeature(EbpfFeatureCategory.ProgramType, name) { IsSupported = false, Detail = reason };
    }

    /// <summary>What the kernel said: the error's name, and the last line of the verifier's log before its statistics.</summary>
    public static string Reason(int errno, string log)
    {
        string? line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(l => !l.StartsWith("processed ", StringComparison.Ordinal));
        return line is not null ? $"{Errno.Name(errno)}: {line}"
            : errno == Errno.Eperm ? "EPERM, although this process has the capabilities: lockdown or a security module refuses it"
            : Errno.Name(errno);
    }

    // Its load needs another program. Without one, a kernel that has the type says that the kernel's functions cannot be replaced.
    private bool IsExtensionKnown(out string said)
    {
        TrialProgram trial = new(Extension, TargetId: _types.IdOf(BtfKind.Function, "bpf_fentry_test1"));
        _ = trial.Loads(TrialProgram.Nothing, out int errno, out string log);
        said = Reason(errno, log);
        return log.Contains("Cannot replace kernel functions", StringComparison.Ordinal);
    }

    private TrialProgram[] Traced(uint type, uint attachType, BtfKind kind, string target) =>
        _types.IdOf(kind, target) is not 0 and uint id ? [new(type, attachType, id)] : [];

    private TrialProgram[] Operation() =>
        _types.IdOf(BtfKind.Struct, "tcp_congestion_ops") is not 0 and uint id && _types.MemberOf(id, "ssthresh") is >= 0 and int member
            ? [new(StructOps, (uint)member, id)]
            : [];
}
