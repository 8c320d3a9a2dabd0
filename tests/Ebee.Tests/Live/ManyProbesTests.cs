using Ebee.Programs;

namespace Ebee.Tests.Live;

/// <summary>Probes one after the other. Not in the short set for other kernels: it takes over a minute under emulation.</summary>
[Trait("Category", "Live")]
public sealed class ManyProbesTests
{
    [LiveFact]
    public void Two_hundred_probes_leave_no_descriptor()
    {
        // The first of a kind opens what is kept, such as tracefs.
        Start("tracepoint_named").Stop();
        Start("btf_tracepoint_named").Stop();
        int before = Descriptors();
        for (int i = 0; i < Guest.Times(200); i++)
        {
            using EbpfProbe probe = Start(i % 2 == 0 ? "tracepoint_named" : "btf_tracepoint_named");
            Assert.True(probe.IsRunning);
        }
        Assert.Equal(before, Descriptors());
    }

    private static EbpfProbe Start(string program) => EbpfProbe.Start(BpfCause.Object("attach"), new() { ProgramName = [program] });

    // What earlier tests left to the finalizer is not counted.
    private static int Descriptors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return Directory.GetFiles("/proc/self/fd").Length;
    }
}
