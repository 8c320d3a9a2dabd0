using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>A static probe that a binary's authors left in it (SystemTap's sdt.h), by provider and name.</summary>
internal sealed unsafe class UsdtKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["usdt"];

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
        return [UprobeKind.PerfHook("usdt", target,
            loaded => LibBpf.bpf_program__attach_usdt(loaded.Handle, processId ?? -1, path, parts[0], parts[1], null))];
    }
}
