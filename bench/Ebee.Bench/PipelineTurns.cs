using System.Globalization;

namespace Ebee.Bench;

/// <summary>
/// Objects per second of two pipelines that take turns in the same pwsh: one that reads a ring that is kept full, and one that
/// makes its objects by itself. A script runs both and prints the milliseconds of each.
/// </summary>
internal static class PipelineTurns
{
    private const int Events = 1_000_000;
    private const int WarmUp = 2;
    private const int Rounds = 15;

    /// <param name="pipeline">What is measured.</param>
    /// <param name="other">What the other makes.</param>
    /// <param name="record">What the ring is kept full of.</param>
    /// <param name="target">The ratio asked for.</param>
    /// <param name="script">The script, and arguments that only it takes.</param>
    public static Measure Run(string pipeline, string other, byte[] record, double target, params string[] script)
    {
        using Child pwsh = new("pwsh", ["-NoProfile", "-File", .. script, "-Module", Paths.Module, "-Count", $"{Events}", "-Rounds", $"{WarmUp + Rounds}"]);
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
        return new Measure($"{pipeline} | Out-Null, million objects/s ({record.Length}-byte records)", Statistics.Spread(ours, "0.00"),
            $"{other} {Statistics.Spread(theirs, "0.00")}", Statistics.Median(ratios), target, AtLeast: true);
    }

    /// <summary>Fills the newest ring of a process with a record again and again.</summary>
    private static void KeepFull(int process, byte[] record, CancellationToken end)
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
}
