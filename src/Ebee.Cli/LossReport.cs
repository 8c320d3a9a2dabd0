namespace Ebee.Cli;

/// <summary>Tells of lost events on standard error, at most every few seconds, and the sum at the end.</summary>
internal sealed class LossReport
{
    private const int IntervalMs = 5000;
    private long _next;
    private long _reported;

    public void Report(long lost)
    {
        long now = Environment.TickCount64;
        if (now >= _next)
        {
            _next = now + IntervalMs;
            Say(lost);
        }
    }

    public void Finish(long lost)
    {
        if (lost > _reported)
        {
            Say(lost);
        }
    }

    private void Say(long lost)
    {
        _reported = lost;
        Console.Error.WriteLine($"ebee: {lost} events were lost: the buffer was full. Filter more, or give --buffer-size 64M.");
    }
}
