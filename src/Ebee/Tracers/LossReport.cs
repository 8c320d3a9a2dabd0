namespace Ebee.Tracers;

/// <summary>When and in what words loss is told: at most every few seconds while a stream runs, and at its end.</summary>
/// <param name="say">Takes the words.</param>
/// <param name="advice">What to do about a full ring, in the words of the front end.</param>
public sealed class LossReport(Action<string> say, string advice)
{
    private const int IntervalMs = 5000;
    private long _next;
    private long _reported;
    private long _unknown;

    /// <summary>Tells of the loss so far, when the last time is long enough ago.</summary>
    /// <param name="probe">The tracer.</param>
    public void Report(IProbe probe)
    {
        long now = Environment.TickCount64;
        if (now >= _next)
        {
            _next = now + IntervalMs;
            Finish(probe);
        }
    }

    /// <summary>Tells of the loss, when it is more than was told.</summary>
    /// <param name="probe">The tracer.</param>
    public void Finish(IProbe probe)
    {
        if (probe.Lost > _reported)
        {
            _reported = probe.Lost;
            TellLost(probe);
        }
        if (probe.Unknown > _unknown)
        {
            _unknown = probe.Unknown;
            say($"Up to {probe.Unknown} further events may be missing: so often the kernel passed over a program that was at work on the same CPU " +
                "already, or did not show whether a rename destroyed a file. Most are of other system calls or of processes that were not asked for.");
        }
    }

    private void TellLost(IProbe probe)
    {
        long others = probe.Lost - probe.LostToFullRing;
        string reason = others == 0
            ? $"the buffer of {probe.BufferSize} bytes was full"
            : $"{probe.LostToFullRing} as the buffer of {probe.BufferSize} bytes was full, {others} as a map of the kernel side was full or a CPU busy";
        say($"{probe.Lost} events were lost: {reason}. {advice}");
    }
}
