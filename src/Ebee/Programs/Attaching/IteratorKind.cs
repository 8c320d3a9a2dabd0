using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>All of something that the kernel has, such as its tasks, whenever it is read; Linux 5.8.</summary>
internal sealed unsafe class IteratorKind : AttachKind
{
    /// <summary>The kind's name, by which a probe's iterators are known.</summary>
    public const string Name = "iter";

    public override IReadOnlyList<string> Sections { get; } = [Name, "iter.s"];

    public override bool IsTyped => true;

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Function) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string name = request.Function(program, "task");
        if (name != program.Argument)
        {
            TracingKind.SetTarget(request, program, "iter", name);
        }
        return [LibBpfHook(Name, name, static loaded => LibBpf.bpf_program__attach_iter(loaded.Handle, null))];
    }
}
