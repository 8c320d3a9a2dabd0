using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>The account: what was caused is what was seen, lost and discarded.</summary>
[Trait("Category", "Live")]
public sealed class LossTests
{
    private const int Count = 10_000;

    [LiveFact]
    public void With_a_small_ring_that_nobody_reads()
    {
        using Cause cause = new("many", "4", $"{Count}", Tracing.NewMark());
        using Probe<ExecEvent> probe = Start(cause, 4096);
        cause.Go();
        List<ExecEvent> events = probe.Drain();
        Assert.Equal(Count, probe.Seen + probe.Lost + probe.Discarded);
        Assert.Equal((events.Count, 0), (probe.Seen, probe.Discarded));
        Assert.InRange(probe.Seen, 2, 20); // what 4 KiB hold
        Assert.Equal(probe.Lost, probe.LostToFullRing);
        Assert.DoesNotContain(events, e => e.Truncated);
    }

    [LiveFact]
    public void With_a_reader_that_takes_three_and_leaves_the_rest()
    {
        using Cause cause = new("many", "4", $"{Count}", Tracing.NewMark());
        using Probe<ExecEvent> probe = Start(cause, 65536);
        cause.Go();
        Assert.Equal(3, probe.Read(maxEvents: 3).Count());
        Assert.Equal(3, probe.Seen);
        Assert.InRange(probe.Discarded, 10, 1000);
        Assert.Equal(Count, probe.Seen + probe.Lost + probe.Discarded);
    }

    [LiveFact]
    public void With_a_reader_that_pauses()
    {
        using Cause cause = new("many", "4", $"{Count}", Tracing.NewMark());
        using Probe<ExecEvent> probe = Start(cause, 4096);
        List<long> warned = [];
        probe.OnLost = p => warned.Add(p.Lost);
        using CancellationTokenSource stop = new();
        Task reader = Task.Run(() =>
        {
            foreach (ExecEvent e in probe.Read(cancellation: stop.Token))
            {
                Assert.StartsWith("ebee-", e.Argument[^1], StringComparison.Ordinal);
                Thread.Sleep(probe.Seen % 10 == 0 ? 50 : 1);
            }
        });
        cause.Go();
        stop.Cancel();
        Assert.True(reader.Wait(Guest.Limit(TimeSpan.FromSeconds(10))));
        Assert.Equal(Count, probe.Seen + probe.Lost + probe.Discarded);
        Assert.InRange(probe.Lost, 1, Count);
        Assert.InRange(probe.Seen, 1, Count);
        Assert.All(warned, lost => Assert.InRange(lost, 1, probe.Lost));
    }

    [LiveFact]
    public void While_it_streams_the_loss_is_told()
    {
        using Cause cause = new("many", "2", "1000", Tracing.NewMark());
        using Probe<ExecEvent> probe = Start(cause, 4096);
        cause.Go();
        List<long> told = [];
        probe.OnLost = p => told.Add(p.Lost);
        Assert.InRange(probe.Read(duration: TimeSpan.FromMilliseconds(10)).Count(), 2, 20);
        Assert.Equal([probe.Lost], told);
        Assert.Equal(1000, probe.Seen + probe.Lost);
    }

    [LiveFact]
    public void A_ring_for_all_loses_nothing_whoever_reads_late()
    {
        using Cause cause = new("many", "4", $"{Count}", Tracing.NewMark());
        using Probe<ExecEvent> probe = Start(cause, 16 << 20);
        cause.Go();
        Assert.Equal(Count, probe.DrainAll().Count);
    }

    [LiveFact]
    public void Deletions_count_the_same()
    {
        string folder = TestFolder.New();
        for (int i = 0; i < 2000; i++)
        {
            File.WriteAllBytes($"{folder}/{i}", []);
        }
        using Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(new TracerOptions { ProcessId = [Environment.ProcessId], BufferSize = 4096 });
        for (int i = 0; i < 2000; i++)
        {
            Sys.Check(Sys.unlink(Sys.Bytes($"{folder}/{i}")), "unlink");
        }
        probe.Drain();
        Assert.Equal(2000, probe.Seen + probe.Lost + probe.Discarded);
        Assert.InRange(probe.Lost, 1900, 2000);
    }

    private static Probe<ExecEvent> Start(Cause cause, long bufferSize) => new ExecTracer().Start(new TracerOptions
    {
        ProcessId = [cause.Id],
        IncludeChildren = true,
        BufferSize = bufferSize,
    });
}
