using System.Diagnostics;
using System.Text;
using Ebee.Programs;
using Ebee.Tracers;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Tests.Live;

/// <summary>What is started and takes long ends as soon as nobody waits for it, and leaves nothing.</summary>
[Trait("Category", "Live")]
public sealed class StopTests
{
    // Each keeps the verifier for about a second.
    private static readonly Lazy<byte[]> SlowPrograms = new(() => BpfCause.Compile("""
        #include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        unsigned long out;
        #define SLOW(name) SEC("raw_tp/sched_process_exit") int name(void *context) \
        { unsigned long x = 0; for (int i = 0; i < 120000; i++) { x = x * 3 + i; asm volatile("%0 ^= 1" : "+r"(x)); } out = x; return 0; }
        SLOW(first) SLOW(second) SLOW(third)
        char LICENSE[] SEC("license") = "GPL";
        """));

    [LiveTheory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void A_load_that_is_cancelled_ends_at_once_and_leaves_nothing(bool isVerifyOnly, bool isHere)
    {
        byte[] elf = SlowPrograms.Value;
        SortedSet<string> before = BpfInventory.All();
        string[] children = Self.Children();
        int descriptors = BpfInventory.OwnDescriptors();
        using CancellationTokenSource stop = new();
        Task load = Task.Run(() =>
        {
            ObjectBuilder builder = ObjectBuilder.FromBytes($"slow{isVerifyOnly}{isHere}", elf); // what was tried once under a name is not tried again
            if (isVerifyOnly)
            {
                ProbeStart.Verify(builder, new ProbeOptions(), stop.Token);
            }
            else
            {
                ProbeStart.Run(builder, new ProbeOptions(), stop.Token).Stop();
            }
        });
        // First another process tries it, then this one loads it.
        WaitUntil(() => Self.Children().Except(children).Any());
        if (isHere)
        {
            WaitUntil(() => !Self.Children().Except(children).Any());
        }
        Thread.Sleep(300);
        Assert.False(load.IsCompleted);
        Stopwatch watch = Stopwatch.StartNew();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(load.GetAwaiter().GetResult);
        Assert.InRange(watch.ElapsedMilliseconds, 0, Guest.Limit(1000)); // on a busy machine; EbpfProbe.Tests.ps1 measures the best of three
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
        WaitUntil(() => !Self.Children().Except(children).Any());
        WaitUntil(() => BpfInventory.OwnDescriptors() <= descriptors);

        using EbpfProbe later = EbpfProbe.Start(BpfCause.Object("iterators"), new() { ProgramName = ["as_text"] }, new CancellationTokenSource().Token);
        Assert.True(later.IsRunning);
    }

    [LiveFact]
    public void Test_runs_that_are_cancelled_end_at_once()
    {
        using ObjectBuilder builder = ObjectBuilder.FromBytes("long", BpfCause.Compile("""
            #include <linux/bpf.h>
            #include <bpf/bpf_helpers.h>
            SEC("socket") int busy(struct __sk_buff *context)
            { unsigned long x = context->len; for (int i = 0; i < 10000; i++) { x = x * 3 + i; asm volatile("%0 ^= 1" : "+r"(x)); } return x; }
            """));
        using OpenedObject opened = builder.Open();
        using LoadedObject loaded = opened.Load();
        using SafeFileHandle handle = new(loaded.Programs.Single().Fd, ownsHandle: false);
        Assert.Equal(3, TestRun.Run(handle, 1, "busy", "socket_filter", repeat: 3, cancellation: new CancellationTokenSource().Token).Repeat);
        using CancellationTokenSource stop = new();
        Task<EbpfTestRun> run = Task.Run(() => TestRun.Run(handle, 1, "busy", "socket_filter", repeat: TestRun.MaxRepeat, cancellation: stop.Token));
        Thread.Sleep(300);
        Assert.False(run.IsCompleted);
        Stopwatch watch = Stopwatch.StartNew();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(run.GetAwaiter().GetResult);
        Assert.InRange(watch.ElapsedMilliseconds, 0, Guest.Limit(1000));
    }

    [LiveTheory]
    [InlineData("exec")]
    [InlineData("delete")]
    public void A_tracer_may_be_stopped_at_any_moment_of_its_start(string name)
    {
        SortedSet<string> before = BpfInventory.All();
        int descriptors = BpfInventory.OwnDescriptors();
        int stopped = 0;
        for (int afterMs = 0; afterMs <= 60; afterMs += 3)
        {
            using CancellationTokenSource stop = new();
            stop.CancelAfter(afterMs);
            try
            {
                Tracer tracer = name == "exec" ? new ExecTracer() : new FileDeleteTracer();
                using IProbe probe = tracer.StartProbe(new TracerOptions(), stop.Token);
            }
            catch (OperationCanceledException)
            {
                stopped++;
            }
        }
        Assert.InRange(stopped, 1, int.MaxValue);
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
        WaitUntil(() => BpfInventory.OwnDescriptors() <= descriptors);
    }

    private static void WaitUntil(Func<bool> condition)
    {
        for (Stopwatch watch = Stopwatch.StartNew(); !condition(); Thread.Sleep(5))
        {
            Assert.InRange(watch.Elapsed.TotalSeconds, 0, Guest.Limit(30));
        }
    }
}
