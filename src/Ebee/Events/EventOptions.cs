namespace Ebee.Events;

/// <summary>How a probe's events are read.</summary>
public sealed class EventOptions
{
    /// <summary>Only those of these maps, by name, with <c>*</c> and <c>?</c>; none for all.</summary>
    public IReadOnlyList<string> MapName { get; init; } = [];

    /// <summary>
    /// The C type of the events: the name of one that the object has, or a declaration such as
    /// <c>struct { int pid; char comm[16]; }</c>; or the whole path of a header, in which it is found; null to find it in the object.
    /// </summary>
    public string? EventType { get; init; }

    /// <summary>Whether events are given as byte arrays; of a perf event array with up to seven more than were written.</summary>
    public bool Raw { get; init; }

    /// <summary>Takes what is to be said while events are read, on the reading thread.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Takes what the type of the events was found to be, and by what.</summary>
    public Action<string>? OnChoice { get; init; }
}
