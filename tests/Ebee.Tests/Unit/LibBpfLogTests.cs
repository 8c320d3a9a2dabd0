using Ebee.Native;

namespace Ebee.Tests.Unit;

public sealed class LibBpfLogTests
{
    [Fact]
    public void An_inner_log_keeps_its_own_and_then_the_outer_one_goes_on()
    {
        using LibBpfLog outer = new();
        Complain();
        int first = outer.Text.Length;
        Assert.NotEqual(0, first);
        using (LibBpfLog inner = new())
        {
            Complain();
            Assert.Equal(outer.Text, inner.Text);
        }
        Assert.Equal(first, outer.Text.Length);
        Complain();
        Assert.Equal(2 * first, outer.Text.Length);
    }

    // libbpf says that these are no object.
    private static unsafe void Complain()
    {
        byte* data = stackalloc byte[16];
        Assert.Equal(0, LibBpf.bpf_object__open_mem(data, 16, null));
    }
}
