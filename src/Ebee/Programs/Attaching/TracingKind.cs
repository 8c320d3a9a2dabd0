using Ebee.Host.Features;
using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>A kernel function's begin and end by BPF trampoline (Linux 5.5), and the LSM hooks (Linux 5.7).</summary>
internal sealed class TracingKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } =
        ["fentry", "fexit", "fmod_ret", "lsm", "fentry.s", "fexit.s", "fmod_ret.s", "lsm.s"];

    public override bool IsTyped => true;

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Function) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string kind = Prefix(program).Split('.')[0], name = request.Function(program, kind == "lsm" ? "file_open" : "do_unlinkat");
        if (name != program.Argument)
        {
            SetTarget(request, program, kind, name);
        }
        if (kind == "lsm" && SystemFacts.WithoutBpf() is { } modules)
        {
            throw new EbpfException(EbpfError.NotSupported,
                $"The program {program.Name} would never run: bpf is not among the security modules of this boot ({modules}).",
                $"Add it to the kernel's command line, and boot: lsm={modules},bpf.");
        }
        yield return LibBpfHook(kind, name, static loaded => LibBpf.bpf_program__attach(loaded.Handle));
    }

    internal static void SetTarget(HookRequest request, ObjectProgram program, string kind, string name)
    {
        using LibBpfLog log = new();
        int result = request.SetAttachTarget(program, name);
        if (result < 0)
        {
            throw UnknownTarget.Error(kind, name) ?? KernelErrors.Attach(program.Name, -result, log.Text, name);
        }
    }
}
