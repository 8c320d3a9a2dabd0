using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>Tracepoints without their fields' layout; Linux 4.17, the writable ones 5.2.</summary>
internal sealed class RawTracepointKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["raw_tracepoint", "raw_tp", "raw_tracepoint.w", "raw_tp.w"];

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Tracepoint) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string name = request.Tracepoint(program);
        name = name[(name.IndexOf(':', StringComparison.Ordinal) + 1)..];
        yield return LibBpfHook("raw_tracepoint", name, loaded => LibBpf.bpf_program__attach_raw_tracepoint(loaded.Handle, name));
    }
}
