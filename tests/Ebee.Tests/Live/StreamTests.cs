using System.Diagnostics;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>How a stream begins and ends.</summary>
[Trait("Category", "Live")]
public sealed class StreamTests
{
    private static readonly TimeSpan AtOnce = Guest.Limit(TimeSpan.FromMilliseconds(200));

    [LiveFact]
    public void It_ends_after_so_many()
    {
        using Cause cause = new("many", "1", "50", "x");
        using Probe<ExecEvent> probe = Start(cause);
        cause.Go();
        Assert.Equal(3, probe.Read(maxEvents: 3).Select(e => e.Argument[^1]).Distinct().Count());
        Assert.Equal((3, 47, 0), (probe.Seen, probe.Discarded, probe.Lost));
    }

    [LiveFact]
    public void It_ends_after_so_long_and_hands_out_what_was_caught()
    {
        using Cause cause = new("many", "1", "50", "x");
        using Probe<ExecEvent> probe = Start(cause);
        cause.Go();
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Equal(50, probe.Read(duration: Guest.Limit(TimeSpan.FromMilliseconds(300))).Count());
        Assert.InRange(watch.ElapsedMilliseconds, 295, Guest.Limit(5000));
        Assert.Equal((50, 0), (probe.Seen, probe.Discarded));
    }

    [LiveFact]
    public void Whichever_limit_is_first()
    {
        using Cause cause = new("many", "1", "50", "x");
        using Probe<ExecEvent> probe = Start(cause);
        cause.Go();
        Assert.Equal(5, probe.Read(maxEvents: 5, duration: TimeSpan.FromMinutes(10)).Count());
        Assert.Equal(45, probe.Discarded);
    }

    [LiveFact]
    public void No_events_no_time()
    {
        using Cause cause = new();
        using Probe<ExecEvent> probe = Start(cause);
        Assert.Empty(probe.Read(duration: TimeSpan.Zero));
    }

    [LiveFact]
    public void An_event_comes_while_the_stream_waits()
    {
        using Cause cause = new("mark", "x");
        using Probe<ExecEvent> probe = Start(cause);
        using IEnumerator<ExecEvent> stream = probe.Read().GetEnumerator();
        long waited = Best(() =>
        {
            Task<bool> next = Task.Run(stream.MoveNext);
            Thread.Sleep(50); // it waits in the kernel by now
            Assert.False(next.IsCompleted);
            Stopwatch watch = Stopwatch.StartNew();
            cause.Go();
            Assert.True(next.Result);
            return watch.ElapsedMilliseconds;
        }, attempts: 1);
        Assert.Equal("x", stream.Current.Argument[^1]);
        Assert.InRange(waited, 0, 900); // not the reader's tick of a second
    }

    [LiveFact]
    public void Cancelling_ends_it_at_once()
    {
        Assert.InRange(Best(() =>
        {
            using Cause cause = new();
            using Probe<ExecEvent> probe = Start(cause);
            using CancellationTokenSource stop = new();
            Task<int> reader = Task.Run(() => probe.Read(cancellation: stop.Token).Count());
            Thread.Sleep(50);
            Assert.False(reader.IsCompleted);
            Stopwatch watch = Stopwatch.StartNew();
            stop.Cancel();
            Assert.Equal(0, reader.Result);
            return watch.ElapsedMilliseconds;
        }), 0, (long)AtOnce.TotalMilliseconds);
    }

    [LiveFact]
    public void A_stream_that_was_cancelled_before_gives_nothing()
    {
        using Cause cause = new("mark", "x");
        using Probe<ExecEvent> probe = Start(cause);
        cause.Go();
        Assert.Empty(probe.Read(cancellation: new CancellationToken(canceled: true)));
        Assert.Equal((0, 1), (probe.Seen, probe.Discarded));
    }

    [LiveTheory]
    [InlineData("exec")]
    [InlineData("delete")]
    public void Ending_and_disposing_takes_no_time_and_leaves_nothing(string tracer)
    {
        SortedSet<string> before = BpfInventory.All();
        Assert.InRange(Best(() =>
        {
            IProbe probe = tracer == "exec" ? new ExecTracer().Start() : new FileDeleteTracer().Start();
            Stopwatch watch = Stopwatch.StartNew();
            probe.Dispose();
            return watch.ElapsedMilliseconds;
        }), 0, (long)AtOnce.TotalMilliseconds);
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveTheory]
    [InlineData("exec")]
    [InlineData("delete")]
    public void What_is_not_disposed_is_there(string tracer)
    {
        // The check for leaks does see.
        SortedSet<string> before = BpfInventory.All();
        int descriptors = BpfInventory.OwnDescriptors(), mappings = BpfInventory.OwnMappings();
        using (IProbe probe = tracer == "exec" ? new ExecTracer().Start() : new FileDeleteTracer().Start())
        {
            string[] left = BpfInventory.LeftBehind(before, 0);
            Assert.Contains(left, id => id.StartsWith("prog ", StringComparison.Ordinal));
            Assert.Contains(left, id => id.StartsWith("map ", StringComparison.Ordinal));
            Assert.Contains(left, id => id.StartsWith("link ", StringComparison.Ordinal));
            Assert.True(BpfInventory.OwnDescriptors() > descriptors);
            Assert.True(BpfInventory.OwnMappings() > mappings);
        }
        Assert.Equal((descriptors, mappings), (BpfInventory.OwnDescriptors(), BpfInventory.OwnMappings()));
    }

    [LiveFact]
    public void A_reader_that_throws_leaves_nothing()
    {
        SortedSet<string> before = BpfInventory.All();
        using Cause cause = new("mark", "x");
        using Probe<ExecEvent> probe = Start(cause);
        cause.Go();
        Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (ExecEvent _ in probe.Read())
            {
                throw new InvalidOperationException();
            }
        });
        // The stream's end detached; programs and maps go with the probe.
        Assert.DoesNotContain(BpfInventory.LeftBehind(before, 2000), id => id.StartsWith("link ", StringComparison.Ordinal));
        probe.Dispose();
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveFact]
    public void A_tracer_that_cannot_start_leaves_nothing()
    {
        SortedSet<string> before = BpfInventory.All();
        int descriptors = BpfInventory.OwnDescriptors();
        for (int i = 0; i < 3; i++)
        {
            // Programs load, then the tracepoint is not found: there is no tracefs in this namespace.
            PrivateMounts.Run(() =>
            {
                Sys.Mount("none", "/sys", "tmpfs");
                Directory.CreateDirectory("/sys/kernel/btf");
                Assert.Throws<EbpfException>(() => new ExecTracer().Start(new TracerOptions { Hook = "tp" }));
            });
            Assert.Throws<EbpfException>(() => new ExecTracer().Start(new TracerOptions { UserName = ["no-such-user"] }));
        }
        Assert.Equal(descriptors, BpfInventory.OwnDescriptors());
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveFact]
    public void Several_probes_at_once_do_not_disturb_each_other()
    {
        using Cause one = new("mark", "one"), two = new("mark", "two");
        using Probe<ExecEvent> first = Start(one), second = Start(two), third = Start(one);
        one.Go();
        two.Go();
        Assert.Equal("one", Assert.Single(first.DrainAll()).Argument[^1]);
        Assert.Equal("two", Assert.Single(second.DrainAll()).Argument[^1]);
        Assert.Equal("one", Assert.Single(third.DrainAll()).Argument[^1]);
    }

    [LiveFact]
    public void A_ring_that_exists_can_be_reused()
    {
        using Cause cause = new("mark", "x");
        using Probe<ExecEvent> owner = new ExecTracer().Start(new TracerOptions { Name = ["no-such-name"], BufferSize = 65536 });
        SortedSet<string> before = BpfInventory.All();
        uint id = RingId();
        using Probe<ExecEvent> writer = new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], BufferSize = 65536 }, id);
        cause.Go();
        Assert.Equal("x", Assert.Single(owner.DrainAll()).Argument[^1]);
    }

    // The id of the one ring buffer that this process holds.
    private static uint RingId()
    {
        foreach (string fd in Directory.EnumerateFileSystemEntries("/proc/self/fdinfo"))
        {
            string[] lines = [.. TryRead(fd).Split('\n')];
            if (lines.Contains("map_type:\t27"))
            {
                return uint.Parse(lines.First(l => l.StartsWith("map_id:", StringComparison.Ordinal)).Split('\t')[1]);
            }
        }
        throw new InvalidOperationException("There is no ring buffer.");
    }

    private static string TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static Probe<ExecEvent> Start(Cause cause) =>
        new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true });

    // The best of three: on a loaded machine a thread may wait for a processor as long as the limit.
    private static long Best(Func<long> milliseconds, int attempts = 3) => Enumerable.Range(0, attempts).Min(_ => milliseconds());
}
