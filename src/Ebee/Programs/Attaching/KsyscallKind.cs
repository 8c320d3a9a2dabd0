using Ebee.Host;
using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>A system call's function by the system call's name, whatever the architecture calls it. A kprobe.</summary>
internal sealed unsafe class KsyscallKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["ksyscall", "kretsyscall"];

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Function) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string kind = Prefix(program);
        string name = request.Function(program, "unlinkat");
        if (Kprobes.Missing() is { } missing)
        {
            throw new EbpfException(EbpfError.NotSupported, $"The program {program.Name} cannot be attached to the system call {name}: {missing}",
                $"Use the tracepoint syscalls:sys_{(kind == "ksyscall" ? "enter" : "exit")}_{name}; or boot a kernel with CONFIG_KPROBES=y.");
        }
        return [LibBpfHook(kind, name, loaded =>
        {
            LibBpf.BpfKsyscallOpts options = new()
            {
                Size = (nuint)sizeof(LibBpf.BpfKsyscallOpts),
                IsReturn = kind == "kretsyscall" ? (byte)1 : (byte)0,
            };
            return LibBpf.bpf_program__attach_ksyscall(loaded.Handle, name, &options);
        })];
    }
}
