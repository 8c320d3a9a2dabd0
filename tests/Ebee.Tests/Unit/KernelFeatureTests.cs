using Ebee.Host;

namespace Ebee.Tests.Unit;

/// <summary>The table of what is needed of the kernel.</summary>
public sealed class KernelFeatureTests
{
    [Fact]
    public void The_documentation_has_the_table_that_the_declarations_make()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "kernels.md"));
        Assert.True(page.EndsWith(KernelFeature.ToMarkdown(), StringComparison.Ordinal), "Make it anew: ./eng/build.sh Docs");
    }

    [Fact]
    public void Each_feature_is_declared_once_with_a_version()
    {
        Assert.Distinct(KernelFeature.All.Select(feature => feature.Name));
        Assert.All(KernelFeature.All, feature => Assert.True(Version.TryParse(feature.MinimumKernel, out _), feature.Name));
    }
}
