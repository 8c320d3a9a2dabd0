using Ebee.Tracers;

namespace Ebee.Tests.Support;

/// <summary>Short forms for live tests.</summary>
internal static class Tracing
{
    private static int _next;

    /// <summary>Text that no other process on the machine has among its arguments.</summary>
    public static string NewMark() => $"ebee-{Environment.ProcessId}-{Interlocked.Increment(ref _next)}";

    /// <summary>
    /// Detaches, and gives all that was caught: what a process did before it ended is in the ring then, so there is
    /// nothing to wait for.
    /// </summary>
    public static List<TEvent> Drain<TEvent>(this Probe<TEvent> probe) where TEvent : class =>
        [.. probe.Read(duration: TimeSpan.Zero)];

    /// <summary>As <see cref="Drain"/>; and nothing was lost.</summary>
    public static List<TEvent> DrainAll<TEvent>(this Probe<TEvent> probe) where TEvent : class
    {
        List<TEvent> events = probe.Drain();
        Assert.Equal((0, 0, events.Count), (probe.Lost, probe.Discarded, probe.Seen));
        return events;
    }

    /// <summary>Traces what the cause and its descendants do, to its end.</summary>
    public static List<ExecEvent> Trace(this Cause cause, bool includeFailed = false, string? hook = null) => cause.Trace(out _, includeFailed, hook);

    /// <summary>As above, with what the cause printed.</summary>
    public static List<ExecEvent> Trace(this Cause cause, out string printed, bool includeFailed = false, string? hook = null)
    {
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions
        {
            ProcessId = [cause.Id],
            IncludeChildren = true,
            IncludeFailed = includeFailed,
            Hook = hook,
        });
        printed = cause.Go();
        return probe.DrainAll();
    }

    /// <summary>The number in "mnt:[4026531841]".</summary>
    public static uint Namespace(string link) => uint.Parse(link[(link.IndexOf('[', StringComparison.Ordinal) + 1)..^1]);
}
