namespace Ebee.Events;

/// <summary>How a stream runs and ends; the same for whatever it is read from.</summary>
internal static class EventStream
{
    private const int TickMs = 1000;

    /// <summary>
    /// Streams events until one of the limits or until cancelled. With a duration, what was there at its end is still
    /// handed out.
    /// </summary>
    /// <param name="source">Where they come from.</param>
    /// <param name="maxEvents">The stream ends after so many; null does not end it.</param>
    /// <param name="duration">The stream ends after so long; null does not end it.</param>
    /// <param name="cancellation">Ends the stream at once.</param>
    public static IEnumerable<TEvent> Read<TEvent>(IEventSource<TEvent> source, long? maxEvents, TimeSpan? duration,
        CancellationToken cancellation) where TEvent : class
    {
        using CancellationTokenRegistration wake = cancellation.Register(source.Wake);
        long deadline = duration is { } time ? Environment.TickCount64 + (long)Math.Min(time.TotalMilliseconds, long.MaxValue / 4) : long.MaxValue;
        long nextTick = 0;
        long seen = 0;
        long end = maxEvents ?? long.MaxValue;
        try
        {
            while (seen < end && !cancellation.IsCancellationRequested)
            {
                bool any = source.TryRead(out TEvent? read);
                if (any)
                {
                    if (++seen == end)
                    {
                        source.Stop();
                    }
                    yield return read!;
                }
                // At each event: whoever takes them may be slow.
                long now = Environment.TickCount64;
                if (now >= nextTick)
                {
                    source.Tick();
                    nextTick = now + TickMs;
                }
                if (now >= deadline)
                {
                    source.Stop();
                    while (seen < end && !cancellation.IsCancellationRequested && source.TryRead(out TEvent? rest))
                    {
                        seen++;
                        yield return rest!;
                    }
                    break;
                }
                if (!any && source.IsOver)
                {
                    break;
                }
                if (!any)
                {
                    source.Wait((int)Math.Clamp(deadline - now, 1, TickMs));
                }
            }
        }
        finally
        {
            source.Finish();
        }
    }
}
