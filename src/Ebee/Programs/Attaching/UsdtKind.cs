using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>A static probe that a binary's authors left in it (SystemTap's sdt.h), by provider and name.</summary>
internal sealed unsafe class UsdtKind : AttachKind
{
    private const string NoNotes = ".note.stapsdt";

    public override IReadOnlyList<string> Sections { get; } = ["usdt"];

    public override string? Named(ObjectProgram program, string parameter) => UprobeKind.NamedPart(program, parameter);

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        (string path, string symbol) = UprobeKind.Target(program, request, "provider:name");
        int? processId = request.ProcessId;
        string[] parts = symbol.Split(':');
        if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"'{symbol}' names no USDT probe.", "Give it as provider:name, such as libc:memory_sbrk_more.");
        }
        string target = $"{path}:{symbol}" + (processId is { } id ? $" in process {id}" : "");
        Hook hook = UprobeKind.PerfHook("usdt", target,
            loaded => LibBpf.bpf_program__attach_usdt(loaded.Handle, processId ?? -1, path, parts[0], parts[1], null));
        return [hook with { Attach = (loaded, owner) => Attach(hook, loaded, owner, path, symbol) }];
    }

    private static Attachment Attach(Hook hook, ObjectProgram program, LoadedObject owner, string path, string symbol)
    {
        try
        {
            return hook.Attach(program, owner);
        }
        catch (EbpfException e) when (e.Error == EbpfError.AttachFailed && IsMissing(e.Details))
        {
            bool hasNone = e.Details.Contains(NoNotes, StringComparison.Ordinal);
            throw new EbpfException(EbpfError.SymbolNotFound, hasNone ? $"'{path}' has no USDT probes (no section .note.stapsdt), so {program.Name} cannot be attached to {symbol}."
                : $"'{path}' has no USDT probe '{symbol}'.", $"See what it has: readelf -n '{path}' | grep -A1 Provider; -BinaryPath names another binary or library.", e.Details, e)
            { ProgramName = program.Name };
        }
    }

    private static bool IsMissing(string log) => log.Contains(NoNotes, StringComparison.Ordinal) || log.Contains("no matching USDT", StringComparison.Ordinal)
        || log.Contains("can't find USDT", StringComparison.Ordinal) || log.Contains("no USDT", StringComparison.Ordinal);
}
