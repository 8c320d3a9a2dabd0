using Ebee.Tracers;

namespace Ebee.Tests.Unit;

public sealed class LossReportTests
{
    [Fact]
    public void Loss_is_told_at_most_every_few_seconds_and_at_the_end()
    {
        List<string> said = [];
        LossReport report = new(said.Add, "Do this.");
        Probe probe = new() { Lost = 5, LostToFullRing = 5 };
        report.Report(probe);
        Assert.Equal(["5 events were lost: the buffer of 4096 bytes was full. Do this."], said);
        probe.Lost = probe.LostToFullRing = 6;
        report.Report(probe); // too soon
        Assert.Single(said);
        report.Finish(probe);
        Assert.Equal(2, said.Count);
        Assert.StartsWith("6 events were lost", said[1], StringComparison.Ordinal);
        report.Finish(probe); // nothing new
        Assert.Equal(2, said.Count);
    }

    [Fact]
    public void No_loss_no_words()
    {
        List<string> said = [];
        LossReport report = new(said.Add, "Do this.");
        report.Report(new Probe());
        report.Finish(new Probe());
        Assert.Empty(said);
    }

    [Fact]
    public void What_may_have_been_an_event_is_told_and_is_not_lost()
    {
        List<string> said = [];
        LossReport report = new(said.Add, "Do this.");
        report.Finish(new Probe { Unknown = 7 });
        Assert.StartsWith("Up to 7 further events may be missing", Assert.Single(said), StringComparison.Ordinal);
        report.Finish(new Probe { Unknown = 7 }); // nothing new
        Assert.Single(said);
    }

    [Fact]
    public void What_was_not_due_to_the_buffer_is_told_apart()
    {
        List<string> said = [];
        new LossReport(said.Add, "Do this.").Finish(new Probe { Lost = 5, LostToFullRing = 3 });
        Assert.Contains("3 as the buffer", Assert.Single(said), StringComparison.Ordinal);
        Assert.Contains("2 as ", said[0], StringComparison.Ordinal);
    }

    private sealed class Probe : IProbe
    {
        public string Hook => "";

        public IReadOnlyList<string> SkippedHooks => [];

        public string? Shortcoming => null;

        public long Unknown { get; set; }

        public long Seen => 0;

        public long Discarded => 0;

        public long Lost { get; set; }

        public long LostToFullRing { get; set; }

        public long BufferSize => 4096;

        public Action<IProbe>? OnLost { get; set; }

        public void Detach()
        {
        }

        public IEnumerable<object> Read(long? maxEvents, TimeSpan? duration, CancellationToken cancellation) => [];

        public void Dispose()
        {
        }
    }
}
