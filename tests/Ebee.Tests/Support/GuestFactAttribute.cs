namespace Ebee.Tests.Support;

/// <summary>A live test that does to a whole machine what others on it would feel: it runs in tests/kernels only.</summary>
[AttributeUsage(AttributeTargets.Method)]
[Xunit.Sdk.XunitTestCaseDiscoverer("Ebee.Tests.Support.LiveFactDiscoverer", "Ebee.Tests")]
public sealed class GuestFactAttribute : FactAttribute
{
    /// <summary>Marks such a test.</summary>
    public GuestFactAttribute() => Skip = Live.WhyNot
        ?? (Guest.IsHere ? null : "needs a machine of its own: ./test.sh runs it on the kernels under QEMU");
}
