using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>Runs a program without its hook (BPF_PROG_TEST_RUN); what it does to maps, it does.</summary>
internal static unsafe class TestRun
{
    /// <summary>The most runs of one call: the kernel comes back when all are done.</summary>
    public const int MaxRepeat = 1_000_000;

    private const int Growth = 1 << 16; // of a packet
    private const int FrameSize = 64;   // the least of Ethernet, with its checksum

    // What each type of program takes; what is not here, the kernel runs without both, or not at all.
    private static readonly Dictionary<string, Takes> Types = new(StringComparer.Ordinal)
    {
        ["socket_filter"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["sched_cls"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["sched_act"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["cgroup_skb"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["lwt_in"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["lwt_out"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["lwt_xmit"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["lwt_seg6local"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["xdp"] = Takes.Packet | Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["flow_dissector"] = Takes.Packet | Takes.Context | Takes.Repeat,
        ["netfilter"] = Takes.Packet | Takes.Context | Takes.Repeat,
        ["sk_lookup"] = Takes.Context | Takes.ContextBack | Takes.Repeat,
        ["raw_tracepoint"] = Takes.Context,
        ["syscall"] = Takes.Context | Takes.ContextInPlace,
        ["tracing"] = Takes.Nothing,
        ["struct_ops"] = Takes.Context,
    };

    [Flags]
    private enum Takes
    {
        Nothing = 0,
        Packet = 1,
        Context = 2,
        ContextBack = 4,
        ContextInPlace = 8, // the context is written to where it was read from
        Repeat = 16,
    }

    /// <summary>Runs it.</summary>
    /// <param name="program">A descriptor of it.</param>
    /// <param name="id">The kernel's id of it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its type, as bpftool names it.</param>
    /// <param name="data">The packet, from its Ethernet header on; null for 64 zero bytes where the type needs one.</param>
    /// <param name="context">The context, as the type has it; null for the kernel's own.</param>
    /// <param name="repeat">How often; 1 to <see cref="MaxRepeat"/>.</param>
    /// <param name="cancellation">Ends the runs at once; the one that runs then may take until its end.</param>
    /// <exception cref="EbpfException">The type cannot be run, does not take what was given, or the kernel refuses it.</exception>
    public static EbpfTestRun Run(SafeFileHandle program, uint id, string name, string type, byte[]? data = null, byte[]? context = null, int repeat = 1,
        CancellationToken cancellation = default)
    {
        Takes takes = Types.TryGetValue(type, out Takes known) ? known : throw NotRun(name, type);
        Check(name, type, takes, data, context, repeat);
        bool hasPacket = takes.HasFlag(Takes.Packet), givesContext = context is not null && takes.HasFlag(Takes.ContextBack);
        data ??= hasPacket ? new byte[FrameSize] : [];
        byte[] dataOut = hasPacket ? new byte[data.Length + Growth] : [];
        byte[] contextIn = [.. context ?? []];
        byte[] contextOut = givesContext ? new byte[Environment.SystemPageSize] : [];
        int runs = takes.HasFlag(Takes.Repeat) ? repeat : 0;
        (int result, LibBpf.BpfTestRunOpts options) = LongCall.Run(() => Run(program, data, dataOut, contextIn, contextOut, runs),
            static _ => { }, cancellation);
        if (result < 0)
        {
            throw Refused(name, type, takes, -result, data.Length, contextIn.Length);
        }
        return new EbpfTestRun
        {
            ProgramId = id,
            ProgramName = name,
            ProgramType = type,
            ReturnValue = options.ReturnValue,
            ReturnName = ReturnNames.Of(type, options.ReturnValue),
            Data = hasPacket ? dataOut[..(int)options.DataSizeOut] : null,
            Context = givesContext ? contextOut[..(int)options.ContextSizeOut]
                : takes.HasFlag(Takes.ContextInPlace) && context is not null ? contextIn
                : null,
            DurationNs = takes.HasFlag(Takes.Repeat) ? options.Duration : null,
            Repeat = repeat,
        };
    }

    // What the options say of sizes and of the return; their pointers are not to be used.
    private static (int Result, LibBpf.BpfTestRunOpts Options) Run(SafeFileHandle program, byte[] data, byte[] dataOut, byte[] context,
        byte[] contextOut, int repeat)
    {
        using LibBpfLog quiet = new();
        fixed (byte* dataInAt = data, dataOutAt = dataOut, contextInAt = context, contextOutAt = contextOut)
        {
            LibBpf.BpfTestRunOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfTestRunOpts),
                DataIn = dataInAt,
                DataSizeIn = (uint)data.Length,
                DataOut = dataOutAt,
                DataSizeOut = (uint)dataOut.Length,
                ContextIn = contextInAt,
                ContextSizeIn = (uint)context.Length,
                ContextOut = contextOutAt,
                ContextSizeOut = (uint)contextOut.Length,
                Repeat = repeat,
            };
            return (LibBpf.bpf_prog_test_run_opts(program, &options), options);
        }
    }

    private static void Check(string name, string type, Takes takes, byte[]? data, byte[]? context, int repeat)
    {
        string? problem =
            data is not null && !takes.HasFlag(Takes.Packet) ? "has no packet: leave out -Data"
            : context is not null && !takes.HasFlag(Takes.Context) ? "is given no context: leave out -Context"
            : repeat != 1 && !takes.HasFlag(Takes.Repeat) ? "is run once: leave out -Repeat"
            : null;
        if (problem is not null)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"The program {name} of the type {type} {problem}.",
                "Types with packets: " + string.Join(", ", Types.Where(t => t.Value.HasFlag(Takes.Packet)).Select(t => t.Key)) + ".");
        }
    }

    private static EbpfException NotRun(string name, string type, int errno = 0) => new(EbpfError.NotSupported,
        $"The program {name} cannot be run without its hook: the kernel runs no programs of the type {type} so.",
        $"It runs these: {string.Join(", ", Types.Keys)}. For others, attach it and cause what it waits for.", errno > 0 ? Errno.Name(errno) : "");

    private static EbpfException Refused(string name, string type, Takes takes, int errno, int dataLength, int contextLength) => errno switch
    {
        Errno.NotSupported => NotRun(name, type, errno),
        Errno.Eperm or Errno.Eacces => KernelErrors.Permission($"The kernel refused to run {name} ({Errno.Name(errno)})", ""),
        Errno.Einval when type is "tracing" => new EbpfException(EbpfError.NotSupported,
            $"The program {name} cannot be run without its hook: of the type tracing, the kernel runs fentry, fexit and fmod_ret.",
            "They run when they are attached to bpf_fentry_test1 and bpf_modify_return_test. For others, attach it and cause what it waits for.",
            Errno.Name(errno)),
        _ => new EbpfException(EbpfError.InvalidArgument,
            $"The kernel did not run {name} of the type {type} with " +
            (takes.HasFlag(Takes.Packet) ? $"{dataLength} bytes of data and " : "") + $"{contextLength} bytes of context: {Errno.Name(errno)}.",
            takes.HasFlag(Takes.Packet)
                ? "Data is a packet from its Ethernet header on: 14 bytes or more, with the header of its protocol, and not longer than a page. Context is " +
                    "the kernel's struct, and not all of its fields may be set."
                : "Context is what the program reads: 8 bytes for each argument of a raw tracepoint, struct bpf_sk_lookup for sk_lookup, the program's own struct for syscall.",
            Errno.Name(errno)),
    };
}
