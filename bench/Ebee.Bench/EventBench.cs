namespace Ebee.Bench;

/// <summary>
/// Objects per second of <c>Get-EbpfEvent | Out-Null</c>, of a class made at run time of a C struct and from a ring that is kept
/// full, against those of a class written by hand, made of bytes in memory, in turn in the same pwsh (bench/events.ps1).
/// </summary>
internal static class EventBench
{
    private const int RecordSize = 48;

    public static Measure Run() =>
        PipelineTurns.Run("Get-EbpfEvent", "class by hand", new byte[RecordSize], 0.7, "bench/events.ps1", "-Object", Paths.EventObject);
}
