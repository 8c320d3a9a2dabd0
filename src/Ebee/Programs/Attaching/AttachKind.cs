using Ebee.Native;

namespace Ebee.Programs.Attaching;

/// <summary>
/// A kind of hook: the sections that mean it, what these leave open, and how a program gets there. All kinds are in
/// <see cref="AttachKinds"/>.
/// </summary>
internal abstract class AttachKind
{
    /// <summary>The parts of SEC() before the first slash that mean this kind, or the whole of it; the first is its name.</summary>
    public abstract IReadOnlyList<string> Sections { get; }

    /// <summary>Whether the verifier must know the target, too: its types are the arguments'.</summary>
    public virtual bool IsTyped => false;

    /// <summary>
    /// What a section names of what a parameter gives; empty when it leaves that open, null when such programs have none.
    /// </summary>
    public virtual string? Named(ObjectProgram program, string parameter) => null;

    /// <summary>
    /// Says where a program is to be attached, and sets what the load needs to know of it. Before the load, or, for a
    /// section that says all, after it.
    /// </summary>
    /// <exception cref="EbpfException">Something is missing, or is not there.</exception>
    public abstract IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request);

    /// <summary>The section's first part, which a kind of several sections is told by.</summary>
    protected static string Prefix(ObjectProgram program) => program.Section.Split('/')[0];

    /// <summary>A hook that libbpf makes the link of.</summary>
    protected static Hook LibBpfHook(string kind, string target, Func<ObjectProgram, nint> attach) => new(kind, target, (program, _) =>
    {
        using LibBpfLog log = new();
        try
        {
            return Attachment.OfLink(attach(program), program, target, log);
        }
        catch (EbpfException e) when (e.Error == EbpfError.AttachFailed)
        {
            throw UnknownTarget.Error(kind, target) ?? e;
        }
    });
}
