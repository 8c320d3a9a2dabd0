namespace Ebee.Events;

/// <summary>When and in what words loss of probes' events is told: at most every few seconds while a stream runs, and at its end.</summary>
/// <param name="probes">They. What they lost before is told too.</param>
/// <param name="say">Takes the words.</param>
internal sealed class EventLoss(IReadOnlyList<ProbeEvents> probes, Action<string> say)
{
    private const int IntervalMs = 5000;
    private long _next;
    private long _reported;

    /// <summary>Tells of the loss so far, when the last time is long enough ago.</summary>
    public void Report()
    {
        long now = Environment.TickCount64;
        if (now >= _next)
        {
            _next = now + IntervalMs;
            Finish();
        }
    }

    /// <summary>Tells of the loss, when it is more than was told.</summary>
    public void Finish()
    {
        long lost = probes.Sum(probe => probe.LostOfPerfBuffers);
        if (lost > _reported)
        {
            _reported = lost;
            IEnumerable<EventBuffer> buffers = probes.SelectMany(probe => probe.Buffers).Where(buffer => buffer.IsPadded);
            say($"{lost} events were lost: the buffers of {string.Join(", ", buffers.Select(buffer => $"{buffer.Name} ({buffer.CpuBytes} bytes for each CPU)"))} were full. " +
                $"Send less, do less for each event, or start the probe with greater buffers: -MapSize @{{ {buffers.First().Name} = 8MB }}.");
        }
    }
}
