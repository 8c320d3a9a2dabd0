using System.Globalization;

namespace Ebee.Bench;

/// <summary>
/// Objects per second of <c>Get-EbpfEvent | Out-Null</c>, of a class made at run time of a C struct and from a ring that is kept
/// full, against those of a class written by hand, made of bytes in memory, in turn in the same pwsh (bench/events.ps1).
/// </summary>
internal static class EventBench
{
    private const int Events = 1_000_000;
    private const int RecordSize = 48;
    private const int WarmUp = 2;
    private const int Rounds = 15;

    public static Measure Run()
    {
        using Child pwsh = new("pwsh", "-NoProfile", "-File", "bench/events.ps1",
            "-Module", Paths.Module, "-Object", Paths.EventObject, "-Count", $"{Events}", "-Rounds", $"{WarmUp + Rounds}");
        using CancellationTokenSource end = new();
        Task filling = Task.Factory.StartNew(() => PipelineBench.KeepFull(pwsh.Id, new byte[RecordSize], end.Token), TaskCreationOptions.LongRunning);
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
        return new Measure($"Get-EbpfEvent | Out-Null, million objects/s ({RecordSize}-byte records)", Statistics.Spread(ours, "0.00"),
            "class by hand " + Statistics.Spread(theirs, "0.00"), Statistics.Median(ratios), 0.7, AtLeast: true);
    }
}
