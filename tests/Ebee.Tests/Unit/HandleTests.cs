using Ebee.Events;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Unit;

/// <summary>The number of a closed descriptor, which may be another file's by then, is not used.</summary>
public sealed class HandleTests
{
    [Fact]
    public void A_closed_handle_is_not_duplicated()
    {
        SafeFileHandle handle = File.OpenHandle("/dev/null");
        handle.Dispose();
        Assert.Throws<ObjectDisposedException>(() => KernelObjects.Duplicate(handle));
    }

    [Fact]
    public void A_handle_stays_open_while_it_is_in_use()
    {
        SafeFileHandle handle = File.OpenHandle("/dev/null");
        using (HandleUse use = new(handle))
        {
            handle.Dispose();
            Assert.Equal("/dev/null", new FileInfo($"/proc/self/fd/{use.Fd}").LinkTarget);
        }
        Assert.Throws<ObjectDisposedException>(() => new HandleUse(handle).Fd);
    }

    [Fact]
    public void A_waiter_that_is_disposed_wakes_nobody_and_waits_for_nothing()
    {
        PollWaiter waiter = new();
        waiter.Dispose();
        waiter.Wake();
        Assert.Throws<ObjectDisposedException>(() => waiter.Wait([], 0));
    }

    [Fact]
    public void A_closed_handle_is_not_waited_for()
    {
        using PollWaiter waiter = new();
        SafeFileHandle open = File.OpenHandle("/dev/null"), closed = File.OpenHandle("/dev/null");
        closed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => waiter.Wait([open, closed], 0));
        open.Dispose();
        Assert.Throws<ObjectDisposedException>(() => KernelObjects.Duplicate(open)); // it was let go
    }
}
