using System.Runtime.Versioning;
using Ebee.Bench;

[assembly: SupportedOSPlatform("linux")]

Dictionary<string, Func<IEnumerable<Measure>>> benches = new(StringComparer.Ordinal)
{
    ["ring"] = () => [RingBench.Run()],
    ["pipeline"] = () => [PipelineBench.Run()],
    ["events"] = () => [EventBench.Run()],
    ["map"] = MapBench.Run,
    ["start"] = StartBench.Command,
    ["module"] = () => [StartBench.Module()],
    ["slowdown"] = () => [SlowdownBench.Run()],
};
if (args.FirstOrDefault(name => !benches.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"There is no bench '{unknown}'. There are: {string.Join(", ", benches.Keys)}.");
    return 2;
}
Console.WriteLine("| Measured | Ebee | Against | Ratio | Target | |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach (string name in args.Length > 0 ? args : [.. benches.Keys])
{
    foreach (Measure m in benches[name]())
    {
        Console.WriteLine($"| {m.Name} | {m.Ebee} | {m.Other} | {m.Ratio:0.00} | {(m.AtLeast ? "≥" : "≤")} {m.Target:0.0} | {(m.IsMet ? "met" : "not met")} |");
    }
}
return 0;
