using System.Globalization;
using Ebee.Host;
using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>Any instruction of a kernel function, or its return; Linux 4.17 as a perf device.</summary>
internal sealed unsafe class KprobeKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["kprobe", "kretprobe"];

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Function) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string kind = Prefix(program);
        string target = request.Function(program, "do_unlinkat");
        (string function, ulong offset) = SplitOffset(target);
        if (Kprobes.Missing() is { } missing)
        {
            throw new EbpfException(EbpfError.NotSupported, $"The program {program.Name} cannot be attached to {target}: {missing}",
                "Use a tracepoint (Get-EbpfTracepoint lists them), tp_btf or fentry; or boot a kernel with CONFIG_KPROBES=y.");
        }
        return [LibBpfHook(kind, target, loaded =>
        {
            LibBpf.BpfKprobeOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfKprobeOpts),
                Offset = (nuint)offset,
                IsReturn = kind == "kretprobe" ? (byte)1 : (byte)0,
            };
            return LibBpf.bpf_program__attach_kprobe_opts(loaded.Handle, function, &options);
        })];
    }

    /// <summary>Takes a target such as do_unlinkat+0x10 apart.</summary>
    internal static (string Name, ulong Offset) SplitOffset(string target)
    {
        int plus = target.LastIndexOf('+');
        if (plus <= 0)
        {
            return (target, 0);
        }
        string number = target[(plus + 1)..].Trim();
        bool isHex = number.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        return ulong.TryParse(isHex ? number[2..] : number, isHex ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture, out ulong offset)
            ? (target[..plus].Trim(), offset)
            : throw new EbpfException(EbpfError.InvalidArgument, $"'{number}' in '{target}' is no offset.", "Give it as function+0x10 or function+16.");
    }
}
