using Ebee.Host;
using Ebee.Host.Features;
using Ebee.Programs;

namespace Ebee.Tests.Unit;

public sealed class FeaturePartsTests
{
    [Fact]
    public void A_configuration_is_read_as_it_is_set()
    {
        using StringReader text = new("# comment\nCONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=m\nCONFIG_HZ=250\nCONFIG_LSM=\"a,b\"\nCONFIG_EMPTY=\"\"\n\nOTHER=y\nCONFIG_NO\n");
        Assert.Equal(["CONFIG_A=y", "CONFIG_C=m", "CONFIG_EMPTY=", "CONFIG_HZ=250", "CONFIG_LSM=a,b"],
            KernelOptions.Parse(text).Select(option => $"{option.Key}={option.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(0xb7, 3, 0, 0, 10, 0x0000000a_0000_03_b7ul)] // r3 = 10
    [InlineData(0x55, 1, 2, -2, -1, 0xffffffff_fffe_21_55ul)] // if r1 != …
    [InlineData(0x95, 0, 0, 0, 0, 0x95ul)] // exit
    public void Instructions_are_laid_out_as_the_kernel_reads_them(byte code, int destination, int source, short offset, int constant, ulong instruction) =>
        Assert.Equal(instruction, TrialProgram.Instruction(code, destination, source, offset, constant));

    [Theory]
    [InlineData("xdp", 2u, "XDP_PASS")]
    [InlineData("xdp", 5u, null)]
    [InlineData("sched_cls", uint.MaxValue, "TC_ACT_UNSPEC")]
    [InlineData("sched_act", 8u, "TC_ACT_TRAP")]
    [InlineData("sched_act", 9u, null)]
    [InlineData("sk_lookup", 0u, "SK_DROP")]
    [InlineData("netfilter", 1u, "NF_ACCEPT")]
    [InlineData("lwt_xmit", 128u, "BPF_LWT_REROUTE")]
    [InlineData("flow_dissector", 129u, "BPF_FLOW_DISSECTOR_CONTINUE")]
    [InlineData("flow_dissector", 128u, null)]
    [InlineData("socket_filter", 0u, null)]
    public void What_a_program_returns_has_the_name_of_its_type(string type, uint value, string? name) => Assert.Equal(name, ReturnNames.Of(type, value));

    [Fact]
    public void A_table_of_mounts_is_read_whole()
    {
        List<MountTable.Mount> mounts = MountTable.Parse("none /a\\040b cgroup rw,memory 0 0\nx\nnone /c cgroup2");
        Assert.Equal([("/a b", "cgroup", "rw,memory"), ("/c", "cgroup2", "")], mounts.Select(m => (m.Folder, m.Type, string.Join(',', m.Options))));
    }
}
