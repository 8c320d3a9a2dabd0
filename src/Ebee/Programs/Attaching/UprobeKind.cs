using Ebee.Host;
using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>A function of a binary or a library, or its return, in one process or in all; Linux 4.17 as a perf device.</summary>
internal sealed unsafe class UprobeKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["uprobe", "uretprobe", "uprobe.s", "uretprobe.s"];

    public override string? Named(ObjectProgram program, string parameter) => NamedPart(program, parameter);

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string kind = Prefix(program).Split('.')[0];
        (string path, string symbol) = Target(program, request, "malloc");
        int? processId = request.ProcessId;
        (string name, ulong offset) = KprobeKind.SplitOffset(symbol);
        ulong position = ElfSymbols.Offset(path, name) + offset;
        string target = $"{path}:{symbol}" + (processId is { } id ? $" in process {id}" : "");
        return [PerfHook(kind, target, loaded =>
        {
            LibBpf.BpfUprobeOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfUprobeOpts),
                IsReturn = kind == "uretprobe" ? (byte)1 : (byte)0,
            };
            return LibBpf.bpf_program__attach_uprobe_opts(loaded.Handle, processId ?? -1, path, (nuint)position, &options);
        })];
    }

    /// <summary>A hook that is a perf event of the kernel's uprobe device, for which CAP_PERFMON is not enough.</summary>
    internal static Hook PerfHook(string kind, string target, Func<ObjectProgram, nint> attach)
    {
        Hook hook = LibBpfHook(kind, target, attach);
        return hook with
        {
            Attach = (program, loaded) =>
            {
                try
                {
                    return hook.Attach(program, loaded);
                }
                catch (EbpfException e) when (e.Error == EbpfError.PermissionDenied && Capabilities.MissingForAdministration() is { Length: > 0 } missing)
                {
                    throw new EbpfException(EbpfError.PermissionDenied, $"The kernel refused to attach {program.Name} to {target}: this process lacks {missing}.",
                        "Run it as root: sudo pwsh." + (kind == "usdt" ? "" : $" Or make it SEC(\"{kind}.multi\"), which needs CAP_BPF and CAP_PERFMON alone, from Linux 6.6 on."),
                        e.Details, e);
                }
            },
        };
    }

    /// <summary>The binary, by its whole path, and the symbol: of the section, such as uprobe//bin/bash:readline, or of the options.</summary>
    internal static (string Path, string Symbol) Target(ObjectProgram program, HookRequest request, string example) =>
        (request.BinaryPath(program), request.Symbol(program, example));

    /// <summary>What a section names of binary and symbol, for the parameter that gives it.</summary>
    internal static string? NamedPart(ObjectProgram program, string parameter)
    {
        string argument = program.Argument;
        int colon = argument.IndexOf(':', StringComparison.Ordinal);
        return parameter switch
        {
            nameof(HookOptions.BinaryPath) => colon < 0 ? argument : argument[..colon],
            nameof(HookOptions.Symbol) => colon < 0 ? "" : argument[(colon + 1)..],
            _ => null,
        };
    }
}
