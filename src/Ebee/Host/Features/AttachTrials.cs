using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Ebee.Bindings;
using Ebee.Btf;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Host.Features;

/// <summary>
/// The ways to attach programs that work here, by attaching a program that does nothing for a moment, to what nobody else
/// uses: functions and a tracepoint that the kernel has for its tests, a file and a network namespace made for it.
/// </summary>
internal sealed unsafe partial class AttachTrials(KernelTypes types)
{
    // enum bpf_prog_type
    private const uint Kprobe = 2, SchedClassifier = 3, Tracepoint = 5, Xdp = 6, PerfEvent = 7, CgroupSkb = 8, RawTracepoint = 17, FlowDissector = 22,
        Tracing = 26, StructOps = 27, Lsm = 29, SkLookup = 30, Netfilter = 32;

    // enum bpf_attach_type
    private const uint ToCgroupEgress = 1, ToFlowDissector = 17, ToRawTracepoint = 23, ToEntry = 24, ToExit = 25, ToReturn = 26, ToLsm = 27,
        ToIterator = 28, ToSkLookup = 36, ToXdp = 37, ToPerfEvent = 41, ToKprobes = 42, ToNetfilter = 45, ToTcx = 46, ToUprobes = 48;

    private const string Function = "bpf_fentry_test1", ModifiedFunction = "bpf_modify_return_test", TracepointName = "bpf_test_finish";

    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions(KernelTypes types)
    {
        AttachTrials kinds = new(types);
        return
        [
            Question("tracepoint", kinds.ToTracepointById),
            Question("raw_tracepoint", () => Attached(new(RawTracepoint), program => LibBpf.bpf_raw_tracepoint_open(TracepointName, program))),
            Question("tp_btf", () => kinds.Traced(ToRawTracepoint, BtfKind.Typedef, "btf_trace_" + TracepointName)),
            Question("fentry", () => kinds.Traced(ToEntry, BtfKind.Function, Function)),
            Question("fexit", () => kinds.Traced(ToExit, BtfKind.Function, Function)),
            Question("fmod_ret", () => kinds.Traced(ToReturn, BtfKind.Function, ModifiedFunction)),
            Question("lsm", kinds.ToSecurityModule),
            Question("kprobe", () => ToProbe("kprobe", Function, isReturn: false)),
            Question("kretprobe", () => ToProbe("kprobe", Function, isReturn: true)),
            Question("kprobe.multi", ToFunctions),
            Question("uprobe", () => InOwnFile(path => ToProbe("uprobe", path, isReturn: false))),
            Question("uretprobe", () => InOwnFile(path => ToProbe("uprobe", path, isReturn: true))),
            Question("uprobe.multi", () => InOwnFile(ToOffsets)),
            Question("perf_event", () => ToSamples(asLink: false)),
            Question("perf_event_link", () => ToSamples(asLink: true)),
            Question("iter", () => Linked(kinds.Target(Tracing, ToIterator, BtfKind.Function, "bpf_iter_task"), 0)),
            Question("struct_ops", kinds.ToOperations),
            Question("cgroup", ToNoCgroup),
            Question("xdp", () => InOwnNetwork(() => Linked(new(Xdp, ToXdp), PrivateNetwork.Loopback, GenericXdp))),
            Question("tcx", () => InOwnNetwork(() => Linked(new(SchedClassifier), PrivateNetwork.Loopback, attachType: ToTcx))),
            Question("netfilter", () => InOwnNetwork(ToPackets)),
            Question("sk_lookup", () => InOwnNetwork(() => ToOwnNetwork(new(SkLookup, ToSkLookup)))),
            Question("flow_dissector", () => InOwnNetwork(() => ToOwnNetwork(new(FlowDissector, ToFlowDissector)))),
        ];
    }

    private const uint GenericXdp = 2; // XDP_FLAGS_SKB_MODE

    // Which step failed, and how; null when it worked.
    private static FeatureQuestion Question(string name, Func<string?> attach) => new(EbpfFeatureCategory.AttachKind, name, () =>
    {
        using LibBpfLog quiet = new();
        try
        {
            string? problem = attach();
            return new EbpfFeature(EbpfFeatureCategory.AttachKind, name) { IsSupported = problem is null, Detail = problem, MinimumKernel = KernelFeature.Of(name).MinimumKernel };
        }
        catch (NotTriedException e)
        {
            return new EbpfFeature(EbpfFeatureCategory.AttachKind, name) { Detail = $"cannot be told: {e.Message}", MinimumKernel = KernelFeature.Of(name).MinimumKernel };
        }
    });

    private string? Traced(uint attachType, BtfKind kind, string target) =>
        Attached(Target(Tracing, attachType, kind, target), program => LibBpf.bpf_raw_tracepoint_open(null, program));

    private string? ToSecurityModule() =>
        Attached(Target(Lsm, ToLsm, BtfKind.Function, "bpf_lsm_sb_umount"), program => LibBpf.bpf_raw_tracepoint_open(null, program))
        ?? (SystemFacts.SecurityFile("lsm") is { } modules && !modules.Split(',').Contains("bpf")
            ? $"attached, but the kernel does not run it: bpf is not among its security modules ({modules}); boot with lsm=…,bpf"
            : null);

    private string? ToOperations()
    {
        TrialProgram? trial = new ProgramTypes(types).Trials(StructOps).Select(t => (TrialProgram?)t).FirstOrDefault();
        return Attached(trial, static _ => 0);
    }

    // The member of BTF that a program is for; null when this kernel has none.
    private TrialProgram? Target(uint type, uint attachType, BtfKind kind, string target) =>
        types.IdOf(kind, target) is not 0 and uint id ? new TrialProgram(type, attachType, id) : null;

    private string? ToTracepointById()
    {
        try
        {
            PerfEventAttr attributes = new() { Type = 2 /* PERF_TYPE_TRACEPOINT */, Config = (ulong)Tracepoints.IdOf("bpf_test_run", TracepointName) };
            return Attached(new(Tracepoint), program => ToPerfEvents(program, ref attributes, -1, 0));
        }
        catch (EbpfException e)
        {
            throw new NotTriedException(e.Message);
        }
    }

    // A perf event of the device that perf has for such probes; its place is at address or path, from the start.
    private static string? ToProbe(string device, string place, bool isReturn)
    {
        string folder = $"/sys/bus/event_source/devices/{device}";
        if (!File.Exists($"{folder}/type"))
        {
            return $"this kernel has no {device}s: {folder} is missing";
        }
        fixed (byte* name = Encoding.UTF8.GetBytes(place + '\0'))
        {
            PerfEventAttr attributes = new()
            {
                Type = uint.Parse(File.ReadAllText($"{folder}/type"), CultureInfo.InvariantCulture),
                Config = isReturn ? 1ul : 0,
                Config1 = (ulong)name,
            };
            return Attached(new(Kprobe), program => ToPerfEvents(program, ref attributes, -1, 0));
        }
    }

    private static string? ToSamples(bool asLink)
    {
        PerfEventAttr attributes = new() { Type = 1 /* PERF_TYPE_SOFTWARE: the CPU's clock */, SamplePeriod = 1_000_000_000, Disabled = 1 };
        if (!asLink)
        {
            return Attached(new(PerfEvent), program => ToPerfEvents(program, ref attributes, 0, -1));
        }
        using SafeFileHandle? perf = BpfCall.OpenPerfEvent(ref attributes, 0, -1, out int errno);
        return perf is null ? $"perf_event_open: {Errno.Name(errno)}" : Linked(new(PerfEvent), (uint)perf.DangerousGetHandle(), attachType: ToPerfEvent);
    }

    private static int ToPerfEvents(int program, ref PerfEventAttr attributes, int process, int cpu)
    {
        const nuint SetBpf = 0x40042408; // PERF_EVENT_IOC_SET_BPF
        using SafeFileHandle? perf = BpfCall.OpenPerfEvent(ref attributes, process, cpu, out int errno);
        return perf is null ? -errno
            : ioctl((int)perf.DangerousGetHandle(), SetBpf, program) < 0 ? -Marshal.GetLastPInvokeError()
            : 0;
    }

    private static string? ToFunctions()
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(Function + '\0'))
        {
            byte* names = name;
            LinkCreate attributes = new() { AttachType = ToKprobes, KprobeMultiCnt = 1, KprobeMultiSyms = (ulong)&names };
            return Attached(new(Kprobe, ToKprobes), program => Link(program, ref attributes));
        }
    }

    private static string? ToOffsets(string path)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        {
            ulong offset = 0;
            LinkCreateUprobeMulti attributes = new() { AttachType = ToUprobes, Path = (ulong)name, Offsets = (ulong)&offset, Cnt = 1 };
            return Attached(new(Kprobe, ToUprobes), program =>
            {
                attributes.ProgFd = (uint)program;
                using SafeFileHandle? link = BpfCall.CreateLink(ref attributes, out int errno);
                return -errno;
            });
        }
    }

    private static string? ToPackets()
    {
        const uint Ipv4 = 2; // NFPROTO_IPV4
        LinkCreate attributes = new() { AttachType = ToNetfilter, NetfilterPf = Ipv4, NetfilterPriority = -1 };
        return Attached(new(Netfilter, ToNetfilter), program => Link(program, ref attributes));
    }

    private static string? ToOwnNetwork(TrialProgram trial)
    {
        using SafeFileHandle network = File.OpenHandle("/proc/thread-self/ns/net");
        return Linked(trial, (uint)network.DangerousGetHandle());
    }

    // No cgroup is made for it: that the descriptor is none is what a kernel says that would attach.
    private static string? ToNoCgroup()
    {
        const int BadDescriptor = 9; // EBADF
        LinkCreate attributes = new() { Target = uint.MaxValue, AttachType = ToCgroupEgress };
        return Attached(new(CgroupSkb, ToCgroupEgress), program => Link(program, ref attributes) is var result && result == -BadDescriptor ? 0 : result);
    }

    private static string? InOwnNetwork(Func<string?> body)
    {
        string? problem = null;
        int errno = PrivateNetwork.Run(() =>
        {
            using LibBpfLog quiet = new(); // of this thread
            problem = body();
            return 0;
        });
        return errno == 0 ? problem : throw new NotTriedException($"no network namespace can be made to try it in ({Errno.Name(errno)})");
    }

    // A file in memory, which nobody runs.
    private static string? InOwnFile(Func<string, string?> body)
    {
        int fd = LibC.memfd_create("ebee-trial", LibC.MfdCloexec);
        if (fd < 0)
        {
            throw new NotTriedException($"no file can be made to try it with ({Errno.Name(Marshal.GetLastPInvokeError())})");
        }
        using SafeFileHandle file = new(fd, ownsHandle: true);
        RandomAccess.SetLength(file, Environment.SystemPageSize);
        return body($"/proc/self/fd/{fd}");
    }

    private static string? Linked(TrialProgram? trial, uint target, uint flags = 0, uint? attachType = null)
    {
        LinkCreate attributes = new() { Target = target, AttachType = attachType ?? trial?.AttachType ?? 0, Flags = flags };
        return Attached(trial, program => Link(program, ref attributes));
    }

    private static int Link(int program, ref LinkCreate attributes)
    {
        attributes.ProgFd = (uint)program;
        using SafeFileHandle? link = BpfCall.CreateLink(ref attributes, out int errno);
        return -errno;
    }

    // Loads, attaches, and lets go of both. To attach gives a negative error number, or a descriptor.
    private static string? Attached(TrialProgram? trial, Func<int, int> attach)
    {
        if (trial is not { } known)
        {
            throw new NotTriedException("the kernel's BTF has nothing that such a program could be tried with");
        }
        using SafeFileHandle? program = known.Load(TrialProgram.Nothing, out int errno, out string log);
        if (program is null)
        {
            return $"load: {ProgramTypes.Reason(errno, log)}";
        }
        int result = attach((int)program.DangerousGetHandle());
        using SafeFileHandle? link = result > 0 ? new SafeFileHandle(result, ownsHandle: true) : null;
        return result < 0 ? $"attach: {ProgramTypes.Reason(-result, "")}" : null;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request, long argument);

    // The machine lacks something, or this process a privilege, without which a kind cannot be tried.
    private sealed class NotTriedException(string reason) : Exception(reason);
}
