using Ebee.Host;
using Xunit.Sdk;

namespace Ebee.Tests.Support;

/// <summary>A test against the running kernel. Skipped, with the reason, where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Ebee.Tests.Support.LiveFactDiscoverer", "Ebee.Tests")]
public sealed class LiveFactAttribute : FactAttribute
{
    /// <summary>Marks a live test.</summary>
    public LiveFactAttribute() => Skip = Live.WhyNot;
}

/// <summary>A test against the running kernel, for several inputs.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Ebee.Tests.Support.LiveTheoryDiscoverer", "Ebee.Tests")]
public sealed class LiveTheoryAttribute : TheoryAttribute
{
    /// <summary>Marks a live test.</summary>
    public LiveTheoryAttribute() => Skip = Live.WhyNot;
}

/// <summary>What every live test needs.</summary>
internal static class Live
{
    /// <summary>Why no live test can run here; null when they can.</summary>
    public static string? WhyNot { get; } =
        !OperatingSystem.IsLinux() ? "needs Linux"
        : !File.Exists("/sys/kernel/btf/vmlinux") ? "needs a kernel with BTF (/sys/kernel/btf/vmlinux)"
        : !Environment.IsPrivilegedProcess || Capabilities.MissingForTracing() is { Length: > 0 } ? "needs root, with CAP_BPF and CAP_PERFMON"
        : null;
}
