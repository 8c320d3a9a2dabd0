namespace Ebee.Tests.Live;

/// <summary>The last test: the machine and this process are as they were before the first.</summary>
[Trait("Category", "Live")]
public sealed class LeakTests
{
    [LiveFact]
    public void The_suite_leaves_nothing()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.Empty(BpfInventory.LeftBehind(Suite.Before, 2000));
        Assert.Equal(0, BpfInventory.OwnDescriptors());
        Assert.Equal(0, BpfInventory.OwnMappings());
        Assert.DoesNotContain(File.ReadLines("/proc/self/mounts"), line => line.Contains("ebee-tests", StringComparison.Ordinal));
        Assert.DoesNotContain(
            Directory.EnumerateDirectories("/sys/fs/cgroup", "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }),
            folder => folder.Contains($"/ebee-{Environment.ProcessId}", StringComparison.Ordinal));
    }
}
