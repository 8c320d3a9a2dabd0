using System.Diagnostics;
using Xunit.Abstractions;

namespace Ebee.Tests.Fuzz;

/// <summary>
/// Whatever comes from outside, a parser of it gives a result or the error that it documents: it does not throw another, does not hang,
/// and does not take all memory.
/// </summary>
[Trait("Category", "Fuzz")]
public sealed class FuzzTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => new(FuzzTargets.All.Select(target => target.Name));

    [FuzzTheory]
    [MemberData(nameof(Names))]
    public void Hostile(string name)
    {
        FuzzRun run = new(FuzzTargets.All.Single(target => target.Name == name), FuzzSettings.Seed);
        Stopwatch watch = Stopwatch.StartNew();
        string? failure = run.Run(FuzzSettings.First, FuzzSettings.Share);
        output.WriteLine($"{name}: {run.Taken} taken, {run.Refused} refused, {(run.Taken + run.Refused) / watch.Elapsed.TotalSeconds:F0} a second, " +
            $"slowest {run.Slowest.Ms:F0} ms (input {run.Slowest.Number}); seed {FuzzSettings.Seed}");
        Assert.True(failure is null, failure);
    }

    /// <summary>A theory that can end as skipped: seeds are made by clang.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    [Xunit.Sdk.XunitTestCaseDiscoverer("Ebee.Tests.Support.LiveTheoryDiscoverer", "Ebee.Tests")]
    private sealed class FuzzTheoryAttribute : TheoryAttribute;
}
