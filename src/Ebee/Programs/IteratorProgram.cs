using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>An iterator of a probe.</summary>
/// <param name="Name">The program's name.</param>
/// <param name="Link">A descriptor of its link.</param>
/// <param name="Outputs">Where it writes.</param>
internal sealed record IteratorProgram(string Name, SafeFileHandle Link, IReadOnlyList<EventOutput> Outputs)
{
    /// <summary>Whether it writes records and prints no text.</summary>
    public bool WritesRecords => Outputs.Any(output => output is { MapFd: null, IsText: false }) && !Outputs.Any(output => output.IsText);
}
