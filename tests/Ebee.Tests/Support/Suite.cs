using System.Runtime.CompilerServices;
using Ebee.Tests.Support;
using Xunit.Abstractions;
using Xunit.Sdk;

// Live tests count what the machine has, and one must not see another's.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: TestFramework("Ebee.Tests.Support.SuiteFramework", "Ebee.Tests")]
[assembly: TestCollectionOrderer("Ebee.Tests.Support.LeaksLast", "Ebee.Tests")]

namespace Ebee.Tests.Support;

/// <summary>How the machine was before the first test.</summary>
internal static class Suite
{
    /// <summary>Programs, maps, links and pins.</summary>
    public static SortedSet<string> Before { get; private set; } = [];

#pragma warning disable CA2255 // before any test, whichever is first
    [ModuleInitializer]
    internal static void Remember()
    {
        if (Live.WhyNot is null)
        {
            Before = BpfInventory.All();
        }
    }
#pragma warning restore CA2255
}

/// <summary>Runs the check for leaks when all else has run, and damaged inputs right before: the classes made of them take names.</summary>
public sealed class LeaksLast : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(c => c.DisplayName.Contains("Leak", StringComparison.Ordinal))
            .ThenBy(c => c.DisplayName.Contains("Fuzz", StringComparison.Ordinal)).ThenBy(c => c.DisplayName, StringComparer.Ordinal);
}

/// <summary>Cleans up when the last test has run: the runner does not wait for a process's own end.</summary>
public sealed class SuiteFramework : XunitTestFramework
{
    /// <summary>Makes the framework.</summary>
    public SuiteFramework(IMessageSink messageSink) : base(messageSink) => DisposalTracker.Add(new End());

    private sealed class End : IDisposable
    {
        public void Dispose() => TestFolder.Remove();
    }
}
