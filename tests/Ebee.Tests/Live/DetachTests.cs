using System.Diagnostics;
using Ebee.Host;
using Ebee.Native;
using Ebee.Programs;
using Ebee.Programs.Attaching;

namespace Ebee.Tests.Live;

/// <summary>How many links are detached.</summary>
[Trait("Category", "Live")]
public sealed class DetachTests
{
    [LiveFact]
    public void Two_hundred_are_detached_at_once_by_few_threads()
    {
        using ObjectBuilder builder = ObjectBuilder.FromFile(BpfCause.Object("attach"));
        using OpenedObject opened = builder.Open();
        ObjectProgram program = opened.Programs.Single(p => p.Name == "raw_tracepoint_named");
        opened.EnableOnly([program]);
        Hook hook = AttachKinds.Of(program)!.Resolve(program, HookRequest.None).Single();
        LoadedObject loaded = opened.Load();
        uint[] links = [.. Enumerable.Range(0, 200).Select(_ => loaded.Attach(program, hook).LinkId!.Value)];
        using Process self = Process.GetCurrentProcess();
        int before = self.Threads.Count, most = 0;
        using CancellationTokenSource over = new();
        Task count = Task.Run(() =>
        {
            while (!over.Token.WaitHandle.WaitOne(1))
            {
                self.Refresh();
                most = Math.Max(most, self.Threads.Count);
            }
        });
        Stopwatch time = Stopwatch.StartNew();
        loaded.Detach();
        Assert.InRange(time.ElapsedMilliseconds, 0, Guest.Limit(1000)); // 200, and others use this machine
        over.Cancel();
        count.Wait();
        Assert.InRange(most, 0, before + 24);
        loaded.Dispose();
        Assert.All(links, id => Assert.Null(KernelObjects.Links.Open(id)));
    }

    // libbpf puts what a USDT link used back into a list of its object's, without a lock.
    [LiveFact]
    public void Static_probes_are_detached_in_turn_and_before_their_object_goes()
    {
        using Cause cause = new("probe", "1");
        using ObjectBuilder builder = ObjectBuilder.FromFile(BpfCause.Object("usdt"));
        using OpenedObject opened = builder.Open();
        ObjectProgram program = opened.Programs.Single();
        HookRequest request = new(new() { BinaryPath = CauseProgram.Path, Symbol = "ebee:called", ProcessId = cause.Id }, opened);
        Hook hook = AttachKinds.Of(program)!.Resolve(program, request).Single();
        LoadedObject loaded = opened.Load();
        List<Attachment> attachments = [.. Enumerable.Range(0, 20).Select(_ => loaded.Attach(program, hook))];
        Assert.All(attachments, attachment => Assert.True(attachment.IsDetachedInTurn));
        loaded.Dispose();
        Assert.All(attachments, attachment => attachment.Dispose()); // is over
    }

    [LiveFact]
    public void A_struct_of_functions_is_registered_by_a_link()
    {
        using EbpfProbe probe = EbpfProbe.Start(BpfCause.Object("congestion"));
        ProbeProgram map = Assert.Single(probe.Programs, program => program.Section == ".struct_ops");
        Assert.Equal(KernelRelease.IsOlderThan(6, 4) ? 0 : 1, map.LinkId.Length); // without one it stays when this process ends
        Assert.All(probe.Programs, program => Assert.Equal(["struct_ops ebee_test"], program.Hook));
    }
}
