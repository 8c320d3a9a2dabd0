using System.Diagnostics;
using Ebee.Programs;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>The clock is stepped and a CPU goes, while events are read.</summary>
[Trait("Category", "Live")]
[Trait("Kernels", "Short")]
public sealed class GuestTests
{
    private const string Cpu1 = "/sys/devices/system/cpu/cpu1/online";

    [GuestFact]
    public void A_stepped_clock_is_followed_in_a_second()
    {
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [Environment.ProcessId], IncludeChildren = true });
        Stopwatch took = Stopwatch.StartNew();
        List<(DateTimeOffset Before, ExecEvent Event, DateTimeOffset After)> seen = [];
        using IEnumerator<ExecEvent> events = probe.Read(duration: TimeSpan.FromSeconds(20)).GetEnumerator();
        foreach (int step in new[] { 0, 3600, -2 * 3600, 3600 })
        {
            Sys.StepClock(TimeSpan.FromSeconds(step));
            // A tick happens while somebody waits for events: two of them, more than a second apart.
            Run();
            Assert.True(events.MoveNext());
            Thread.Sleep(1500);
            Run();
            Assert.True(events.MoveNext());
            DateTimeOffset before = DateTimeOffset.Now;
            Run();
            Assert.True(events.MoveNext());
            seen.Add((before, events.Current, DateTimeOffset.Now));
        }
        Assert.All(seen, s => Assert.InRange(s.Event.Time, s.Before.AddMilliseconds(-50), s.After.AddMilliseconds(50)));
        Sys.StepClock(TimeSpan.FromHours(1));
        Assert.False(events.MoveNext());
        Sys.StepClock(TimeSpan.FromHours(-1));
        Assert.InRange(took.Elapsed.TotalSeconds, 19, 40); // the duration is no matter of the time of day
        Assert.Equal((12, 0), (probe.Seen, probe.Lost));
    }

    [GuestFact]
    public void A_cpu_that_goes_and_comes_loses_nothing()
    {
        const int Count = 1000;
        string mark = Tracing.NewMark();
        using Cause cause = new("many", "4", $"{Count}", mark);
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true });
        using CancellationTokenSource ended = new();
        int went = 0;
        Task changing = Task.Run(async () =>
        {
            try
            {
                while (!ended.IsCancellationRequested)
                {
                    Online(false);
                    went++;
                    await Task.Delay(100);
                    Online(true);
                    await Task.Delay(100);
                }
            }
            finally
            {
                Online(true);
            }
        });
        string[] caused = cause.Go().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        ended.Cancel();
        changing.Wait();
        Assert.InRange(went, 2, int.MaxValue);
        Assert.Equal(Count, caused.Length);
        Assert.Equal(caused.Select(line => line.Split(' ')[^1]).Order(), probe.DrainAll().Select(e => e.Argument[^1]).Order());
    }

    [GuestFact]
    public void A_tracer_starts_with_a_cpu_offline_and_sees_it_come()
    {
        Online(false);
        try
        {
            string mark = Tracing.NewMark();
            using Cause cause = new("many", "4", "100", mark);
            using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true });
            Online(true);
            cause.Go();
            Assert.Equal(100, probe.DrainAll().Count);
        }
        finally
        {
            Online(true);
        }
    }

    [GuestFact]
    public void A_perf_event_array_follows_cpus()
    {
        using EbpfProbe probe = EventTests.Start(new());
        EventTests.Send(probe, "to_perf", 0, 10, cpu: 1);
        List<ulong> seen = [];
        using IEnumerator<object> events = probe.ReadEvents(EventTests.Of("perf"), duration: TimeSpan.FromSeconds(30)).GetEnumerator();
        Read(10);
        Online(false);
        EventTests.Send(probe, "to_perf", 10, 10, cpu: 0);
        Thread.Sleep(1100);
        Read(10); // its first read is a tick
        Online(true);
        EventTests.Send(probe, "to_perf", 20, 10, cpu: 0);
        Thread.Sleep(1100);
        Read(10);
        EventTests.Send(probe, "to_perf", 30, 10, cpu: 1);
        Read(10);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => (ulong)i), seen);
        Assert.Equal(0, EventTests.LostOf(probe, "perf"));

        void Read(int count)
        {
            for (; count > 0; count--)
            {
                Assert.True(events.MoveNext());
                seen.Add(EventTests.Sequence(events.Current));
            }
        }
    }

    private static void Online(bool online) => File.WriteAllText(Cpu1, online ? "1" : "0");

    private static void Run() => CommandRun.Run("/bin/true", []);
}
