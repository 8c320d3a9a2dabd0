namespace Ebee.Tracers;

/// <summary>One step of a hook ladder: the programs that together see the events on kernels of some kind.</summary>
/// <param name="Name">The kind of hook, such as <c>tp_btf</c>.</param>
/// <param name="Events">Programs that see the events.</param>
/// <param name="Failed">Programs that are attached, too, when failed system calls are asked for.</param>
/// <param name="Fork">The program that has descendants join their parent in the process filters, when these count.</param>
/// <param name="Exit">The program that has ended processes leave the process filters, when there are any; null when
/// the step's own do that.</param>
internal sealed record HookStep(string Name, string[] Events, string[] Failed, string Fork, string? Exit)
{
    /// <summary>Programs that run before those of the events and keep what they need.</summary>
    public string[] Early { get; init; } = [];

    /// <summary>What the events of this step lack that those of better ones have, as a sentence; null when nothing.</summary>
    public string? Lacks { get; init; }

    /// <summary>Whether each run of the programs that see the events is one event; else they look at what is none, too.</summary>
    public bool RunsOnEventsOnly { get; init; }

    /// <summary>Says, without a load, why this kernel cannot offer the step; null when it may.</summary>
    public Func<string?> Missing { get; init; } = static () => null;
}
