using System.Globalization;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>
/// As many executions and deletions as two CPUs give, and a reader that is too slow: the account is exact, and the reader's
/// memory stays as it is. EBEE_STORM_SECONDS says how long (10).
/// </summary>
[Trait("Category", "Live")]
public sealed class StormTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private static readonly double Seconds =
        double.Parse(Environment.GetEnvironmentVariable("EBEE_STORM_SECONDS") ?? "10", CultureInfo.InvariantCulture);

    [LiveFact]
    public void Executions_and_deletions_are_all_accounted_for()
    {
        string folder = TestFolder.New("storm");
        using Cause cause = new("storm", "2", Seconds.ToString(CultureInfo.InvariantCulture), folder);
        TracerOptions options = new() { ProcessId = [cause.Id], IncludeChildren = true, BufferSize = Guest.IsHere ? 1 << 16 : 1 << 20 };
        using Probe<ExecEvent> execs = new ExecTracer().Start(options);
        using Probe<FileDeleteEvent> deletions = new FileDeleteTracer().Start(options);
        using CancellationTokenSource stop = new();
        Task<long[]> execReader = Task.Run(() => Consume(execs, stop.Token)), deletionReader = Task.Run(() => Consume(deletions, stop.Token));
        string[] lines = cause.Go().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        stop.Cancel();
        Assert.True(Task.WaitAll([execReader, deletionReader], Guest.Limit(TimeSpan.FromSeconds(10))));
        long Caused(int column) => lines.Sum(line => long.Parse(line.Split(' ')[column], CultureInfo.InvariantCulture));
        output.WriteLine($"{Seconds} s: {Caused(0)} executions (seen {execs.Seen}, lost {execs.Lost}, discarded {execs.Discarded}), " +
            $"{Caused(1)} deletions (seen {deletions.Seen}, lost {deletions.Lost}, discarded {deletions.Discarded}); " +
            $"bytes kept: {string.Join(", ", execReader.Result)} and {string.Join(", ", deletionReader.Result)}");
        Assert.InRange(Caused(0), Guest.Times((int)(Seconds * 100)), long.MaxValue);
        Assert.Equal(Caused(0), execs.Seen + execs.Lost + execs.Discarded);
        Assert.Equal(Caused(1), deletions.Seen + deletions.Lost + deletions.Discarded);
        Assert.InRange(execs.Seen, 1, Caused(0));
        Assert.InRange(execs.Lost, 1, Caused(0)); // it was too slow
    }

    // Takes about 1,000 a second. What the heap holds, at each tenth of the time.
    private static long[] Consume<TEvent>(Probe<TEvent> probe, CancellationToken stop) where TEvent : class
    {
        List<long> kept = [];
        long next = 0;
        foreach (TEvent e in probe.Read(cancellation: stop))
        {
            if (probe.Seen % 10 == 0)
            {
                Thread.Sleep((int)Guest.Limit(10));
            }
            if (Environment.TickCount64 >= next)
            {
                next = Environment.TickCount64 + (long)(Seconds * 100);
                kept.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }
        Assert.InRange(kept.Count, 5, 12);
        // The first may be before all is loaded.
        Assert.InRange(kept[^1], 0, kept[1] + (1 << 20));
        return [.. kept];
    }
}
