using System.IO.Enumeration;
using System.Text;
using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>All functions of a pattern in a binary at once; Linux 6.6. libbpf 1.1 does not know it.</summary>
internal sealed unsafe class UprobeMultiKind : AttachKind
{
    private const uint ProgramTypeKprobe = 2, AttachTypeUprobeMulti = 48, FlagReturn = 1; // BPF_F_UPROBE_MULTI_RETURN

    public override IReadOnlyList<string> Sections { get; } = ["uprobe.multi", "uretprobe.multi", "uprobe.multi.s", "uretprobe.multi.s"];

    public override string? Named(ObjectProgram program, string parameter) => UprobeKind.NamedPart(program, parameter);

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string kind = Prefix(program).EndsWith(".s", StringComparison.Ordinal) ? Prefix(program)[..^2] : Prefix(program);
        program.SetType(ProgramTypeKprobe, AttachTypeUprobeMulti);
        (string path, string pattern) = UprobeKind.Target(program, request, "'mem*'");
        int? processId = request.ProcessId;
        ulong[] offsets = [.. ElfSymbols.Functions(path).Where(f => FileSystemName.MatchesSimpleExpression(pattern, f.Name, ignoreCase: false))
            .Select(f => f.Offset).Distinct()];
        if (offsets.Length == 0)
        {
            throw ElfSymbols.NotFound(path, pattern);
        }
        string target = $"{path}:{pattern} ({offsets.Length} functions)" + (processId is { } id ? $" in process {id}" : "");
        return [new Hook(kind, target, (loaded, _) => Attach(loaded, path, offsets, kind == "uretprobe.multi", processId ?? 0, target))];
    }

    private static Attachment Attach(ObjectProgram program, string path, ulong[] offsets, bool isReturn, int processId, string target)
    {
        fixed (byte* name = Encoding.UTF8.GetBytes(path + '\0'))
        fixed (ulong* places = offsets)
        {
            LinkCreateUprobeMulti attributes = new()
            {
                ProgFd = (uint)program.Fd,
                AttachType = AttachTypeUprobeMulti,
                Path = (ulong)name,
                Offsets = (ulong)places,
                Cnt = (uint)offsets.Length,
                Flags = isReturn ? FlagReturn : 0,
                Pid = (uint)processId,
            };
            SafeFileHandle? link = BpfCall.CreateLink(ref attributes, out int errno);
            return link is not null ? Attachment.OfLink(link)
                : errno == Errno.Einval && KernelRelease.IsOlderThan(6, 6)
                ? throw new EbpfException(EbpfError.NotSupported, $"The program {program.Name} cannot be attached to {target}: this kernel has no uprobe.multi (Linux 6.6).",
                    $"Make it SEC(\"{(isReturn ? "uretprobe" : "uprobe")}\"), for one function.")
                : throw KernelErrors.Attach(program.Name, errno, "", target);
        }
    }
}
