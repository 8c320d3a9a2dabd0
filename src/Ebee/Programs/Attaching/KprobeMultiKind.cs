using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>All kernel functions of a pattern at once; Linux 5.18 with CONFIG_FPROBE.</summary>
internal sealed unsafe class KprobeMultiKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["kprobe.multi", "kretprobe.multi"];

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Function) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string kind = Prefix(program);
        string pattern = request.Function(program, "'vfs_*'");
        return [LibBpfHook(kind, pattern, loaded =>
        {
            LibBpf.BpfKprobeMultiOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfKprobeMultiOpts),
                IsReturn = kind == "kretprobe.multi" ? (byte)1 : (byte)0,
            };
            return LibBpf.bpf_program__attach_kprobe_multi_opts(loaded.Handle, pattern, &options);
        })];
    }
}
