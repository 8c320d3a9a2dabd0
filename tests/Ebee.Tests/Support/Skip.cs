using Xunit.Abstractions;
using Xunit.Sdk;

namespace Ebee.Tests.Support;

/// <summary>Ends a live test as skipped: this machine lacks what it needs, and the message says what.</summary>
public sealed class SkipException(string reason) : Exception(reason)
{
    /// <summary>Skips the test when the condition holds.</summary>
    public static void If(bool condition, string reason)
    {
        if (condition)
        {
            throw new SkipException(reason);
        }
    }
}

/// <summary>Finds the tests of a <see cref="LiveFactAttribute"/>.</summary>
public sealed class LiveFactDiscoverer(IMessageSink sink) : IXunitTestCaseDiscoverer
{
    /// <inheritdoc/>
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions,
        ITestMethod testMethod, IAttributeInfo factAttribute) =>
        [new LiveTestCase(sink, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod)];
}

/// <summary>Finds the tests of a <see cref="LiveTheoryAttribute"/>: one for each row of data.</summary>
public sealed class LiveTheoryDiscoverer(IMessageSink sink) : TheoryDiscoverer(sink)
{
    /// <inheritdoc/>
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(ITestFrameworkDiscoveryOptions discoveryOptions,
        ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow) =>
        [new LiveTestCase(DiagnosticMessageSink, discoveryOptions.MethodDisplayOrDefault(),
            discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, dataRow)];
}

/// <summary>A test that may end as skipped while it runs, which xunit 2 does not know by itself.</summary>
public sealed class LiveTestCase : XunitTestCase
{
    /// <summary>For deserialization.</summary>
    [Obsolete("For deserialization.")]
    public LiveTestCase()
    {
    }

    /// <summary>Makes a test.</summary>
    public LiveTestCase(IMessageSink sink, TestMethodDisplay display, TestMethodDisplayOptions displayOptions,
        ITestMethod method, object[]? arguments = null) : base(sink, display, displayOptions, method, arguments)
    {
    }

    /// <inheritdoc/>
    public override async Task<RunSummary> RunAsync(IMessageSink diagnosticMessageSink, IMessageBus messageBus,
        object[] constructorArguments, ExceptionAggregator aggregator, CancellationTokenSource cancellationTokenSource)
    {
        using SkipBus bus = new(messageBus);
        RunSummary summary = await base.RunAsync(diagnosticMessageSink, bus, constructorArguments, aggregator, cancellationTokenSource);
        summary.Failed -= bus.Skipped;
        summary.Skipped += bus.Skipped;
        return summary;
    }

    private sealed class SkipBus(IMessageBus inner) : IMessageBus
    {
        public int Skipped { get; private set; }

        public bool QueueMessage(IMessageSinkMessage message)
        {
            if (message is ITestFailed failed && failed.ExceptionTypes.Length > 0 && failed.ExceptionTypes[0] == typeof(SkipException).FullName)
            {
                Skipped++;
                message = new TestSkipped(failed.Test, failed.Messages[0]);
            }
            return inner.QueueMessage(message);
        }

        public void Dispose()
        {
        }
    }
}
