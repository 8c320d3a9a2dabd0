using System.Diagnostics;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>Filters have no limit but memory: the sets are made as large as what is asked for, so none is dropped.</summary>
[Trait("Category", "Live")]
public sealed class ManyFiltersTests
{
    private const int Count = 1000;

    [LiveFact]
    public void A_thousand_names() => Assert.Equal(1, Seen([Tracing.NewMark()], mark => new TracerOptions
    {
        Name = [.. Enumerable.Range(0, Count - 1).Select(i => $"no-such-{i}"), "cause"],
    }));

    [LiveFact]
    public void A_hundred_thousand_names() => Assert.Equal(1, Seen([Tracing.NewMark()], mark => new TracerOptions
    {
        Name = [.. Enumerable.Range(0, 99_999).Select(i => $"no-such-{i}"), "cause"],
    }));

    [LiveFact]
    public void A_thousand_users() => Assert.Equal(1, Seen(["uid", "4242", Tracing.NewMark()], mark => new TracerOptions
    {
        UserName = [.. Enumerable.Range(0, Count - 1).Select(i => $"{i + 1_000_000}"), "4242"],
    }));

    [LiveFact]
    public void A_thousand_processes_asked_for_and_excluded()
    {
        using Process others = CommandRun.Start("sh", ["-c", $"for i in $(seq {Count}); do sleep 60 & done; echo ready; read line; kill $(jobs -p)"]);
        try
        {
            Assert.Equal("ready", others.StandardOutput.ReadLine());
            int[] ids = [.. Ebee.Host.Processes.ChildrenOf(new HashSet<int> { others.Id })];
            Assert.Equal(Count, ids.Length);
            using Cause asked = new("mark", "asked"), excluded = new("mark", "excluded");
            using (Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [.. ids, asked.Id], Name = ["cause"] }))
            {
                asked.Go();
                Assert.Equal("asked", Assert.Single(probe.DrainAll()).Argument[^1]);
            }
            using (Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ExcludeProcessId = [.. ids, excluded.Id], Name = ["cause"] }))
            {
                excluded.Go();
                Assert.DoesNotContain(probe.DrainAll(), e => e.Argument[^1] == "excluded");
            }
        }
        finally
        {
            others.StandardInput.WriteLine();
            others.WaitForExit();
        }
    }

    [LiveFact]
    public void A_thousand_cgroups()
    {
        string controller = File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ')[2] == "cgroup2") ? "" : "memory";
        Stack<Cgroup> cgroups = [];
        try
        {
            Cgroup root = Cgroup.New(controller, $"ebee-{Environment.ProcessId}-many");
            cgroups.Push(root);
            for (int i = 0; i < Count; i++)
            {
                cgroups.Push(root.Below($"c{i}"));
            }
            string mark = Tracing.NewMark();
            using Cause cause = new("mark", mark);
            cgroups.Peek().Add(cause.Id);
            using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { CgroupPath = [.. cgroups.Select(c => c.CgroupPath).Take(Count)] });
            cause.Go();
            Assert.Equal(mark, Assert.Single(probe.DrainAll()).Argument[^1]);
        }
        finally
        {
            while (cgroups.TryPop(out Cgroup? cgroup))
            {
                cgroup.Dispose();
            }
        }
    }

    // Executions by one process, which the filter must pass.
    private static int Seen(string[] steps, Func<string, TracerOptions> options)
    {
        string mark = steps[^1];
        using Cause cause = new([.. steps[..^1], "mark", mark]);
        using Probe<ExecEvent> probe = new ExecTracer().Start(options(mark));
        cause.Go();
        return probe.DrainAll().Count(e => e.Argument[^1] == mark);
    }
}
