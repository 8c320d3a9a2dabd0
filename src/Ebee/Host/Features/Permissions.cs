namespace Ebee.Host.Features;

/// <summary>What this process may do, by its capabilities.</summary>
internal static class Permissions
{
    /// <summary>The questions.</summary>
    public static IEnumerable<FeatureQuestion> Questions() =>
    [
        Question("tracing", "load and attach tracing programs", Capabilities.MissingForTracing),
        Question("perf_events", "open perf events: tracepoints by name, samples, perf event arrays", Capabilities.MissingForPerfEvents),
        Question("network", "load programs that see packets or sockets", Capabilities.MissingForNetwork),
        Question("inventory", "see what others have loaded", Capabilities.MissingForAdministration),
        Question("symbols", "see the addresses of the kernel's functions", Capabilities.MissingForSymbols),
    ];

    private static FeatureQuestion Question(string name, string what, Func<string> missing) => new(EbpfFeatureCategory.Permission, name, () =>
    {
        string lacking = missing();
        return new EbpfFeature(EbpfFeatureCategory.Permission, name)
        {
            IsSupported = lacking.Length == 0,
            Detail = lacking.Length == 0 ? $"may {what}" : $"may not {what}: lacks {lacking}",
        };
    });
}
