using Ebee.Host;

namespace Ebee.Tests.Live;

/// <summary>How many values a per-CPU map has, as the kernel itself says.</summary>
[Trait("Category", "Live")]
public sealed class ProcessorTests
{
    [LiveFact]
    public void The_kernel_has_as_many_as_sysfs_says() =>
        Assert.Equal(Processors.Parse(File.ReadAllText("/sys/devices/system/cpu/possible")).Count(), Processors.PossibleCount);

    [Fact]
    public void Without_sysfs_those_online_are_found() =>
        Assert.Equal(Processors.Online(), Processors.Online("/nowhere", "/proc/stat"));
}
