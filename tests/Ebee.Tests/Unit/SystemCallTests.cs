using System.Runtime.InteropServices;
using Ebee.Native;

namespace Ebee.Tests.Unit;

public sealed class SystemCallTests
{
    [Theory]
    [InlineData(Architecture.X64, 321, 298, 324)]
    [InlineData(Architecture.Arm64, 280, 241, 283)]
    public void An_architecture_has_its_own_numbers(Architecture architecture, int bpf, int perfEventOpen, int membarrier) =>
        Assert.Equal(new SystemCall.Numbers(bpf, perfEventOpen, membarrier), SystemCall.Of(architecture));

    [Theory]
    [InlineData(Architecture.RiscV64)]
    [InlineData(Architecture.S390x)]
    [InlineData((Architecture)99)]
    public void Of_another_none_are_guessed(Architecture architecture)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => SystemCall.Of(architecture));
        Assert.Equal(EbpfError.NotSupported, e.Error);
        Assert.Contains($"{architecture}", e.Message, StringComparison.Ordinal);
    }
}
