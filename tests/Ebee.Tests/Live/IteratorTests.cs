using System.Diagnostics;
using Ebee.Events;
using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>How the reading of iterators ends: the kernel runs the program while its output is read.</summary>
[Trait("Category", "Live")]
public sealed class IteratorTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    [LiveFact]
    public void It_ends_after_so_long_although_nothing_was_written() => Ended(probe =>
    {
        Stopwatch watch = Stopwatch.StartNew();
        Assert.Empty(probe.ReadEvents(duration: Short));
        return watch.Elapsed - Short;
    });

    [LiveFact]
    public void It_ends_at_once_when_it_is_cancelled_although_nothing_was_written() => Ended(probe =>
    {
        using CancellationTokenSource stop = new();
        Task<int> read = Task.Run(() => probe.ReadEvents(cancellation: stop.Token).Count());
        Thread.Sleep(Short);
        Assert.False(read.IsCompleted);
        Stopwatch watch = Stopwatch.StartNew();
        stop.Cancel();
        Assert.Equal(0, read.GetAwaiter().GetResult());
        return watch.Elapsed;
    });

    [LiveFact]
    public void It_ends_after_so_many()
    {
        using EbpfProbe probe = Start("as_text");
        Assert.Equal(3, probe.ReadEvents(maxEvents: 3).Count());
        Assert.NotEmpty(probe.ReadEvents()); // and begins anew
    }

    [LiveTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_line_without_an_end_is_cut_and_a_warning_says_so(bool isRaw)
    {
        using EbpfProbe probe = Start("as_one_line");
        List<string> warnings = [];
        object line = Assert.Single(probe.ReadEvents(new EventOptions { Raw = isRaw, OnWarning = warnings.Add }));
        if (isRaw)
        {
            Assert.Equal(Enumerable.Repeat((byte)'x', IteratorReader.LongestLine), Assert.IsType<byte[]>(line));
        }
        else
        {
            Assert.Equal(new string('x', IteratorReader.LongestLine) + IteratorReader.Cut, line);
        }
        Assert.Contains("as_one_line", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_probe_that_was_stopped_is_an_error_and_no_other_links_output()
    {
        EbpfProbe probe = Start("as_text");
        using IEventSource<object> two = EventReading.Open([(probe.Events, []), (probe.Events, [])], new EventOptions());
        probe.Stop();
        EbpfException e = Assert.Throws<EbpfException>(() =>
        {
            foreach (object _ in EventStream.Read(two, null, TimeSpan.FromSeconds(10), default))
            {
            }
        });
        Assert.Equal(EbpfError.ProbeNotFound, e.Error);
        two.Dispose();
        Assert.Throws<ObjectDisposedException>(() => two.TryRead(out _));
    }

    // The program goes on until it has looked at all tasks; then nothing is left.
    private static void Ended(Func<EbpfProbe, TimeSpan> end)
    {
        SortedSet<string> before = BpfInventory.All();
        using (EbpfProbe probe = Start("as_nothing"))
        {
            Assert.InRange(end(probe).TotalMilliseconds, -20, Guest.Limit(1000)); // the read takes three seconds
        }
        Assert.Empty(BpfInventory.LeftBehind(before, (int)Guest.Limit(30_000)));
    }

    private static EbpfProbe Start(string program) => EbpfProbe.Start(BpfCause.Object("iterators"), new() { ProgramName = [program] });
}
