using System.Diagnostics;
using System.Globalization;

namespace Ebee.Bench;

/// <summary>
/// From the start of a process to the first event on its standard output, and the most memory it had until then, or
/// until so many events (VmHWM). Something is executed every millisecond or so all the time.
/// </summary>
internal static class StartBench
{
    private const int Rounds = 15;
    private const int LongRun = 10_000; // events

    public static IEnumerable<Measure> Command()
    {
        using Child load = Load();
        List<double> times = [], theirTimes = [], ratios = [], memory = [], theirMemory = [];
        for (int round = -1; round < Rounds; round++)
        {
            (double ms, double mb) = FirstEvent(Paths.Command, "execsnoop");
            (double theirMs, double theirMb) = FirstEvent("bpftrace", "-e", Bpftrace.Program);
            if (round >= 0)
            {
                times.Add(ms);
                theirTimes.Add(theirMs);
                ratios.Add(ms / theirMs);
                memory.Add(mb);
                theirMemory.Add(theirMb);
            }
        }
        yield return new Measure("ebee execsnoop: start to first event, ms", Statistics.Spread(times, "0"),
            "bpftrace " + Statistics.Spread(theirTimes, "0"), Statistics.Median(ratios), 0.4);
        yield return new Measure("ebee execsnoop: most memory until the first event, MB", Statistics.Spread(memory, "0.0"),
            "bpftrace " + Statistics.Spread(theirMemory, "0.0"), Statistics.Median(memory) / Statistics.Median(theirMemory), 0.5);
        double after = MemoryAfter(LongRun, Paths.Command, "execsnoop");
        double theirsAfter = MemoryAfter(LongRun, "bpftrace", "-e", Bpftrace.Program);
        yield return new Measure($"ebee execsnoop: most memory until {LongRun:N0} events, MB", $"{after:0.0}",
            $"bpftrace {theirsAfter:0.0}", after / theirsAfter, 0.5);
    }

    public static Measure Module()
    {
        using Child load = Load();
        List<double> times = [], theirTimes = [], ratios = [];
        for (int round = -1; round < Rounds; round++)
        {
            double bare = Whole("pwsh", "-NoProfile", "-c", "1");
            double ours = Whole("pwsh", "-NoProfile", "-c", $"Import-Module '{Paths.Module}'; Get-ExecEvent -MaxEvents 1") - bare;
            (double theirs, _) = FirstEvent("bpftrace", "-e", Bpftrace.Program);
            if (round >= 0)
            {
                times.Add(ours);
                theirTimes.Add(theirs);
                ratios.Add(ours / theirs);
            }
        }
        return new Measure("Import-Module Ebee; Get-ExecEvent -MaxEvents 1: above bare pwsh, ms", Statistics.Spread(times, "0"),
            "bpftrace, to first event " + Statistics.Spread(theirTimes, "0"), Statistics.Median(ratios), 1.0);
    }

    private static Child Load() => new(Paths.ExecLoop, "--pause", "1000");

    // Both print one line before the first event: the table's head, and "Attaching 1 probe...".
    private static (double Milliseconds, double Megabytes) FirstEvent(string file, params string[] arguments)
    {
        using Child child = new(file, arguments);
        child.ReadLine();
        child.ReadLine();
        double milliseconds = Stopwatch.GetElapsedTime(child.Started).TotalMilliseconds;
        return (milliseconds, PeakMegabytes(child));
    }

    private static double MemoryAfter(int events, string file, params string[] arguments)
    {
        using Child child = new(file, arguments);
        using Child fast = new(Paths.ExecLoop, $"{events}");
        for (int i = 0; i <= events; i++)
        {
            child.ReadLine();
        }
        return PeakMegabytes(child);
    }

    private static double Whole(string file, params string[] arguments)
    {
        using Child child = new(file, arguments);
        child.WaitForEnd();
        return Stopwatch.GetElapsedTime(child.Started).TotalMilliseconds;
    }

    private static double PeakMegabytes(Child child)
    {
        string line = File.ReadLines($"/proc/{child.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - " kB".Length), CultureInfo.InvariantCulture) / 1024.0;
    }
}
