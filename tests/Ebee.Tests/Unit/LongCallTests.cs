using System.Diagnostics;
using Ebee.Native;

namespace Ebee.Tests.Unit;

public sealed class LongCallTests
{
    [Fact]
    public void It_gives_what_the_call_gives()
    {
        using CancellationTokenSource stop = new();
        Assert.Equal(5, LongCall.Run(() => 5, Never, stop.Token));
        Assert.Equal(5, LongCall.Run(() => 5, Never, default));
        EbpfException thrown = new(EbpfError.LoadFailed, "a", "b");
        Assert.Same(thrown, Assert.Throws<EbpfException>(() => LongCall.Run<int>(() => throw thrown, Never, stop.Token)));
    }

    [Fact]
    public void Who_waits_can_leave_and_the_call_is_undone_when_it_returns()
    {
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim begun = new(), goOn = new(), undone = new();
        int undoneWith = 0;
        Task<long> caller = Task.Run(() =>
        {
            Stopwatch watch = new();
            using CancellationTokenRegistration cancelled = stop.Token.Register(watch.Start);
            Assert.ThrowsAny<OperationCanceledException>(() => LongCall.Run(() =>
            {
                begun.Set();
                goOn.Wait();
                return 7;
            }, result =>
            {
                undoneWith = result;
                undone.Set();
            }, stop.Token));
            return watch.ElapsedMilliseconds;
        });
        begun.Wait();
        stop.Cancel();
        Assert.InRange(caller.GetAwaiter().GetResult(), 0, Guest.Limit(500));
        Assert.Equal(0, undoneWith);
        goOn.Set();
        Assert.True(undone.Wait(Guest.Limit(TimeSpan.FromSeconds(5))));
        Assert.Equal(7, undoneWith);
    }

    [Fact]
    public void A_call_that_ends_when_it_is_cancelled_is_undone_before_its_caller_goes_on()
    {
        using CancellationTokenSource stop = new();
        bool isUndone = false;
        Assert.ThrowsAny<OperationCanceledException>(() => LongCall.Run(() =>
        {
            stop.Cancel();
            Thread.Sleep(20);
            return 1;
        }, _ => isUndone = true, stop.Token));
        Assert.True(isUndone);
    }

    private static void Never(int result) => Assert.Fail("It was undone.");
}
