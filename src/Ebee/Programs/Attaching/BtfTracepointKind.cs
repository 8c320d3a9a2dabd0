using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>Tracepoints whose arguments BTF gives the types of; Linux 5.5.</summary>
internal sealed class BtfTracepointKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["tp_btf"];

    public override bool IsTyped => true;

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Tracepoint) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string name = request.Tracepoint(program);
        name = name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        if (name != program.Argument)
        {
            TracingKind.SetTarget(request, program, "tp_btf", name);
        }
        yield return LibBpfHook("tp_btf", name, static loaded => LibBpf.bpf_program__attach(loaded.Handle));
    }
}
