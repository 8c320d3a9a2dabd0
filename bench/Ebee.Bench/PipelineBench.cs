using System.Diagnostics;
using System.Globalization;
using Ebee.Events;
using Ebee.Tracers;

namespace Ebee.Bench;

/// <summary>
/// Objects per second of <c>Get-ExecEvent | Out-Null</c> from a ring that is kept full, against those of a trivial
/// cmdlet that writes events made before, in turn in the same pwsh (bench/pipeline.ps1).
/// </summary>
internal static class PipelineBench
{
    private const int Events = 1_000_000;
    private const int WarmUp = 2;
    private const int Rounds = 15;

    public static Measure Run()
    {
        byte[] record = CaptureRecord();
        using Child pwsh = new("pwsh", "-NoProfile", "-File", "bench/pipeline.ps1",
            "-Module", Paths.Module, "-Count", $"{Events}", "-Rounds", $"{WarmUp + Rounds}");
        using CancellationTokenSource end = new();
        Task filling = Task.Factory.StartNew(() => KeepFull(pwsh.Id, record, end.Token), TaskCreationOptions.LongRunning);
        List<double> ours = [], theirs = [], ratios = [];
        for (int round = -WarmUp; round < Rounds; round++)
        {
            double[] milliseconds = [.. pwsh.ReadLine().Split(' ').Select(n => double.Parse(n, CultureInfo.InvariantCulture))];
            if (round >= 0)
            {
                ours.Add(Events / milliseconds[0] / 1000);
                theirs.Add(Events / milliseconds[1] / 1000);
                ratios.Add(milliseconds[1] / milliseconds[0]);
            }
        }
        pwsh.WaitForEnd();
        end.Cancel();
        filling.GetAwaiter().GetResult();
        return new Measure($"Get-ExecEvent | Out-Null, million objects/s ({record.Length}-byte records)", Statistics.Spread(ours, "0.00"),
            "pre-made objects " + Statistics.Spread(theirs, "0.00"), Statistics.Median(ratios), 0.8, AtLeast: true);
    }

    /// <summary>Fills the newest ring of a process with a record again and again.</summary>
    internal static void KeepFull(int process, byte[] record, CancellationToken end)
    {
        uint ring = 0;
        RingFiller? filler = null;
        try
        {
            while (!end.IsCancellationRequested)
            {
                if (filler?.Fill() == true)
                {
                    Thread.Sleep(1); // a full ring lasts for ten times as long
                    continue;
                }
                // Nobody reads this ring now: the next turn makes its own.
                Thread.Sleep(5);
                if (Descriptors.FindRing(process, newerThan: ring) is not 0 and uint newer)
                {
                    filler?.Dispose();
                    filler = new RingFiller(record, ring = newer);
                }
            }
        }
        finally
        {
            filler?.Dispose();
        }
    }

    /// <summary>A record of Ebee's own, as the kernel side wrote it.</summary>
    internal static byte[] CaptureRecord()
    {
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        uint id = Descriptors.FindRing(Environment.ProcessId);
        int fd = LibBpf.Check(LibBpf.bpf_map_get_fd_by_id(id), $"open the map {id}");
        try
        {
            using RingBufferReader reader = new(fd, (uint)probe.BufferSize);
            using (Process date = Process.Start(new ProcessStartInfo("/bin/date", ["--utc", "--iso-8601=seconds"]) { RedirectStandardOutput = true })!)
            {
                date.WaitForExit();
            }
            while (reader.TryRead(out ReadOnlySpan<byte> record))
            {
                if (record.IndexOf("--iso-8601"u8) >= 0)
                {
                    return record.ToArray();
                }
            }
            throw new InvalidOperationException("The exec of date was not seen.");
        }
        finally
        {
            _ = LibBpf.close(fd);
        }
    }
}
