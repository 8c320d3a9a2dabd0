using Ebee.Events;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;
using Ebee.Tracers;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Live;

/// <summary>What is asked of a probe that was stopped is an error, whoever has the numbers of its descriptors by then.</summary>
[Trait("Category", "Live")]
public sealed class StoppedProbeTests
{
    [LiveFact]
    public void Its_ring_and_its_programs_are_not_another_files()
    {
        EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("events"));
        EbpfMap ring = probe.Maps["declared"], perf = probe.Maps["perf"];
        ProbeProgram program = probe.Programs[0];
        probe.Stop();
        using Filler filler = new();
        Assert.True(SpinWait.SpinUntil(() => IsGone(ring) && IsGone(perf), Guest.Limit(TimeSpan.FromSeconds(20)))); // after its programs
        Assert.Equal(EbpfError.MapNotFound, Assert.Throws<EbpfException>(() => ForeignMap.Open(ring, isAllowed: true)).Error);
        Assert.Equal(EbpfError.MapNotFound, Assert.Throws<EbpfException>(() => ForeignMap.Open(perf, isAllowed: true)).Error);
        Assert.Equal(EbpfError.MapNotFound, Assert.Throws<EbpfException>(() => new MapAccess(ring)).Error);
        Assert.Equal(EbpfError.MapNotFound, Assert.Throws<EbpfException>(() =>
            EbpfProbe.Start(BpfCause.Object("events"), new() { ReuseMap = new Dictionary<string, EbpfMap> { ["declared"] = ring } })).Error);
        Assert.Throws<ObjectDisposedException>(() => TestRun.Run(program.Handle, program.ProgramId, program.Name, program.Type));
    }

    [LiveFact]
    public void Its_iterators_are_not_another_files()
    {
        EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("iterators"), new() { ProgramName = ["as_text"] });
        IteratorProgram iterator = Assert.Single(probe.Events.Iterators);
        probe.Stop();
        using Filler filler = new();
        Assert.Equal(EbpfError.ProbeNotFound,
            Assert.Throws<EbpfException>(() => new IteratorReader([new IteratorRun(iterator, null, static _ => "", static () => { }, static _ => { })])).Error);
    }

    // Whoever disposes of a tracer while another thread reads gets no crash, and the reader is told.
    [LiveFact]
    public void A_reader_is_told_that_another_thread_has_disposed_of_its_probe()
    {
        string file = Path.Combine(Path.GetTempPath(), $"ebee-dispose-{Environment.ProcessId}");
        for (int round = 0; round < Guest.Times(20); round++)
        {
            Probe<FileDeleteEvent> probe = new FileDeleteTracer().Start(new() { ProcessId = [Environment.ProcessId] });
            for (int i = 0; i < 3000; i++)
            {
                File.WriteAllBytes(file, []);
                File.Delete(file);
            }
            using ManualResetEventSlim begun = new();
            Thread other = new(() =>
            {
                begun.Wait();
                Thread.SpinWait(20_000 * round);
                probe.Dispose();
            });
            other.Start();
            Assert.Throws<ObjectDisposedException>(() =>
            {
                foreach (FileDeleteEvent e in probe.Read())
                {
                    begun.Set();
                }
            });
            other.Join();
            Assert.Throws<ObjectDisposedException>(() => probe.Read().First());
        }
    }

    [LiveFact]
    public void A_reader_that_waits_is_told_too()
    {
        Probe<ExecEvent> probe = new ExecTracer().Start(new() { Name = ["nobody-has-this"] });
        Task<Exception> reading = Task.Run(() => Record.Exception(() => probe.Read().Count())!);
        Thread.Sleep(100);
        probe.Dispose();
        Assert.True(reading.Wait(Guest.Limit(TimeSpan.FromSeconds(5))));
        Assert.IsType<ObjectDisposedException>(reading.Result);
        Assert.Throws<ObjectDisposedException>(() => ((IEventSource<ExecEvent>)probe).Wait(0));
        ((IEventSource<ExecEvent>)probe).Wake(); // writes to nobody
    }

    private static bool IsGone(EbpfMap map)
    {
        Thread.Sleep(10);
        using SafeFileHandle? handle = KernelObjects.Maps.Open(map.Id);
        return handle is null;
    }

    // Opens so many files that they have all numbers that were freed.
    private sealed class Filler : IDisposable
    {
        private readonly List<SafeFileHandle> _open = [.. Enumerable.Range(0, 64).Select(_ => File.OpenHandle("/dev/null"))];

        public void Dispose() => _open.ForEach(file => file.Dispose());
    }
}
