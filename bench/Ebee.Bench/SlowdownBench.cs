using System.Diagnostics;
using System.Globalization;

namespace Ebee.Bench;

/// <summary>How much longer a loop of fork and exec takes while its executions are traced: turns of each kind in turn.</summary>
internal static class SlowdownBench
{
    private const int Executions = 1000;
    private const int Turns = 5; // of one kind, for each start of the tracer
    private const int Rounds = 7;

    public static Measure Run()
    {
        List<double> ours = [], theirs = [], ratios = [];
        for (int round = 0; round < Rounds; round++)
        {
            double bareBefore = Loop();
            double ebee = Traced($"exec {Paths.Command} execsnoop --json >/dev/null 2>&1");
            double bare = Loop();
            double bpftrace = Traced($"exec bpftrace -e '{Bpftrace.Program}' >/dev/null 2>&1");
            double bareAfter = Loop();
            ours.Add(ebee / ((bareBefore + bare) / 2));
            theirs.Add(bpftrace / ((bare + bareAfter) / 2));
            ratios.Add(ours[^1] / theirs[^1]);
        }
        return new Measure("fork+exec loop traced, times the untraced", Statistics.Spread(ours, "0.000"),
            "bpftrace " + Statistics.Spread(theirs, "0.000"), Statistics.Median(ratios), 1.0);
    }

    private static double Traced(string command)
    {
        using Child tracer = new("/bin/sh", "-c", command);
        while (!Descriptors.HasAttached(tracer.Id))
        {
            Thread.Sleep(20);
        }
        Thread.Sleep(300);
        return Loop();
    }

    private static double Loop()
    {
        List<double> turns = [];
        for (int i = 0; i < Turns; i++)
        {
            using Child loop = new(Paths.ExecLoop, $"{Executions}");
            turns.Add(double.Parse(loop.ReadLine(), CultureInfo.InvariantCulture));
        }
        return Statistics.Median(turns);
    }
}
