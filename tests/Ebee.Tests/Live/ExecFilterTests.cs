using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>Each filter, alone and with others: what it lets through, and that the rest costs no room in the ring.</summary>
[Trait("Category", "Live")]
public sealed class ExecFilterTests
{
    private const string A = "aa11223344556677889900aabbccddeeff00112233445566778899aabbccddee";
    private const string B = "aa11993344556677889900aabbccddeeff00112233445566778899aabbccddee";

    [LiveFact]
    public void A_filter_that_excludes_all_costs_nothing()
    {
        using Cause cause = new("many", "2", "500", Tracing.NewMark());
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { Name = ["no-such-name"] });
        cause.Go();
        Assert.Empty(probe.DrainAll());
        Assert.Equal(0ul, probe.ProducedBytes);
    }

    [LiveFact]
    public void Without_a_filter_the_ring_is_used()
    {
        // What the test above measures does measure.
        using Cause cause = new("many", "2", "500", Tracing.NewMark());
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        cause.Go();
        Assert.InRange(probe.ProducedBytes, 500ul * 200, 8ul << 20);
    }

    [LiveFact]
    public void Every_kind_of_filter_costs_nothing_when_it_excludes()
    {
        using Cause other = new();
        using Cgroup cgroup = Cgroup.New(AnyController(), $"ebee-{Environment.ProcessId}-none");
        foreach (TracerOptions options in new[]
        {
            new TracerOptions { ProcessId = [other.Id] },
            new TracerOptions { ProcessId = [other.Id], IncludeChildren = true },
            new TracerOptions { ExcludeProcessId = [1, Environment.ProcessId] },
            new TracerOptions { UserName = ["3999999999"] },
            new TracerOptions { CgroupPath = [cgroup.CgroupPath] },
        })
        {
            using Cause cause = new("many", "2", "100", Tracing.NewMark());
            using Probe<ExecEvent> probe = new ExecTracer().Start(options);
            cause.Go();
            List<ExecEvent> events = probe.DrainAll();
            // Processes outside of the tests' tree may run under "all but"; none of the cause's do.
            Assert.DoesNotContain(events, e => e.ParentName == "cause");
            if (options.ExcludeProcessId.Count == 0)
            {
                Assert.Empty(events);
                Assert.Equal(0ul, probe.ProducedBytes);
            }
        }
    }

    [LiveFact]
    public void A_process_without_its_children()
    {
        using Cause cause = new("child", "a child", "thread", "mark", "itself");
        Assert.Equal(["itself"], Marks(cause, new TracerOptions { ProcessId = [cause.Id] }));
    }

    [LiveFact]
    public void A_process_with_children_born_before_and_later()
    {
        // The forked one is there when the tracer starts; its children and what it becomes are later.
        using Cause cause = new("child", "too early", "fork", "await", "child", "grandchild", "fork", "child", "deeper", "mark", "itself");
        cause.Continue();
        Assert.StartsWith("child=", cause.ReadLine(), StringComparison.Ordinal);
        Assert.StartsWith("forked=", cause.ReadLine(), StringComparison.Ordinal);
        Assert.Equal(["grandchild", "deeper", "itself"], Marks(cause, new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true }));
    }

    [LiveFact]
    public void Several_processes()
    {
        using Cause first = new("mark", "first"), second = new("mark", "second"), third = new("mark", "third");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [first.Id, third.Id] });
        first.Go();
        second.Go();
        third.Go();
        Assert.Equal(["first", "third"], probe.DrainAll().Select(e => e.Argument[^1]));
    }

    [LiveFact]
    public void All_but_a_process_and_its_descendants()
    {
        using Cause excluded = new("child", "b", "fork", "await", "child", "d", "fork", "child", "e", "mark", "f");
        using Cause other = new("child", "x", "mark", "y");
        excluded.Continue();
        excluded.ReadLine();
        excluded.ReadLine(); // its child is there before the tracer
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ExcludeProcessId = [excluded.Id] });
        excluded.Go();
        other.Go();
        Assert.Equal(["x", "y"], probe.DrainAll().Where(e => e.Name == "cause").Select(e => e.Argument[^1]));
    }

    [LiveFact]
    public void What_is_excluded_stays_so_among_the_included()
    {
        using Cause cause = new("fork", "await", "child", "inner", "mark", "outer");
        cause.Continue();
        int child = int.Parse(cause.ReadLine().Split('=')[1]);
        Assert.Empty(Marks(cause, new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true, ExcludeProcessId = [child] }));
    }

    [LiveFact]
    public void Names_are_exact_and_the_kernels()
    {
        string folder = TestFolder.New();
        string longName = "a-name-of-twenty-chars", similar = "a-name-of-twent", wildcard = "a-name-*";
        foreach (string name in new[] { longName, similar, wildcard, "other" })
        {
            File.Copy(CauseProgram.Path, Path.Combine(folder, name));
        }
        List<string> Names(params string[] asked)
        {
            using Cause cause = new("fork", "fork", "exec", Path.Combine(folder, longName), "x", "-");
            using Cause second = new("exec", Path.Combine(folder, wildcard), "x", "-");
            using Cause third = new("exec", Path.Combine(folder, "other"), "x", "-");
            using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { Name = asked });
            cause.Go();
            second.Go();
            third.Go();
            return [.. probe.DrainAll().Select(e => e.Name)];
        }
        Assert.Equal([similar], Names(longName));   // cut to 15 bytes as the kernel cuts it
        Assert.Equal([similar], Names(similar));
        Assert.Equal([wildcard], Names("a-name-*")); // no wildcards
        Assert.Equal([similar, "other"], Names("other", similar));
        Assert.Empty(Names("a-name-of-twen"));
    }

    [LiveFact]
    public void A_name_that_is_cut_inside_of_a_character()
    {
        string program = Path.Combine(TestFolder.New(), "ääääääää-end");
        File.Copy(CauseProgram.Path, program);
        using Cause cause = new("exec", Cause.Encode(program), "x", "-");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { Name = ["ääääääää-end"] });
        cause.Go();
        Assert.Equal(cause.Id, Assert.Single(probe.DrainAll()).ProcessId);
    }

    [LiveTheory]
    [InlineData("nobody")]
    [InlineData("65534")]
    public void Users_by_name_or_id(string user)
    {
        string mark = Tracing.NewMark();
        using Cause cause = new("many", "1", "10", mark);
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { UserName = [user] });
        cause.Go();
        List<ExecEvent> events = probe.DrainAll();
        Assert.All(events, e => Assert.Equal(65534u, e.UserId));
        Assert.Equal([$"{mark}-1", $"{mark}-3", $"{mark}-5", $"{mark}-7", $"{mark}-9"],
            events.Select(e => e.Argument[^1]).Where(a => a.StartsWith(mark, StringComparison.Ordinal)).Order());
    }

    [LiveFact]
    public void Several_users()
    {
        using Cause cause = new("fork", "child", "root's", "uid", "1234567", "mark", "a number's");
        Assert.Equal(["root's", "a number's"], Marks(cause, new TracerOptions { ProcessId = [cause.Id], IncludeChildren = true, UserName = ["root", "1234567"] }));
    }

    [LiveTheory]
    [InlineData("")]
    [InlineData("memory")]
    [InlineData("pids")]
    [InlineData("freezer")]
    public void A_cgroup_and_what_is_below_it(string controller)
    {
        using Cgroup cgroup = Cgroup.New(controller, $"ebee-{Environment.ProcessId}-a");
        using Cgroup below = cgroup.Below("below");
        using Cgroup beside = Cgroup.New(controller, $"ebee-{Environment.ProcessId}-ab");
        foreach (string path in new[] { cgroup.CgroupPath, cgroup.Folder, cgroup.CgroupPath + "/" })
        {
            using Cause inside = new("mark", "inside"), deeper = new("mark", "deeper"), outside = new("mark", "outside"), other = new("mark", "other");
            cgroup.Add(inside.Id);
            below.Add(deeper.Id);
            beside.Add(other.Id);
            using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { CgroupPath = [path] });
            foreach (Cause cause in new[] { inside, deeper, outside, other })
            {
                cause.Go();
            }
            Assert.Equal(["inside", "deeper"], probe.DrainAll().Select(e => e.Argument[^1]));
        }
    }

    [LiveFact]
    public void A_cgroup_however_deep_below_it_a_process_is()
    {
        using Cgroup cgroup = Cgroup.New(AnyController(), $"ebee-{Environment.ProcessId}-deep");
        using Cgroup container = cgroup.Below(A);
        List<Cgroup> levels = [container];
        try
        {
            for (int i = 0; i < 100; i++)
            {
                levels.Add(levels[^1].Below("n"));
            }
            foreach (TracerOptions options in new[]
            {
                new TracerOptions { CgroupPath = [cgroup.CgroupPath] },
                new TracerOptions { CgroupPath = [levels[70].CgroupPath] },
                new TracerOptions { ContainerId = [A] },
            })
            {
                using Cause inside = new("mark", "inside"), outside = new("mark", "outside");
                levels[^1].Add(inside.Id);
                using Probe<ExecEvent> probe = new ExecTracer().Start(options);
                inside.Go();
                outside.Go();
                ExecEvent e = Assert.Single(probe.DrainAll());
                Assert.Equal(("inside", levels[^1].CgroupPath, false), (e.Argument[^1], e.CgroupPath, e.Truncated));
            }
        }
        finally
        {
            for (int i = levels.Count - 1; i > 0; i--)
            {
                levels[i].Dispose();
            }
        }
    }

    [LiveFact]
    public void A_cgroups_path_longer_than_the_limit_is_cut_between_names_and_said_to_be()
    {
        using Cgroup cgroup = Cgroup.New(AnyController(), $"ebee-{Environment.ProcessId}-long");
        string name = new('c', 200);
        int top = Sys.openat(Sys.AtFdcwd, Sys.Bytes(cgroup.Folder), Sys.OCloexec, 0);
        List<int> levels = [top];
        try
        {
            for (int i = 0; i < 30; i++)
            {
                Sys.Check(Sys.mkdirat(levels[^1], Sys.Bytes(name), 0x1ed), "mkdirat");
                levels.Add(Sys.openat(levels[^1], Sys.Bytes(name), Sys.OCloexec, 0));
            }
            using Cause cause = new("mark", "x");
            File.WriteAllText($"/proc/self/fd/{levels[^1]}/cgroup.procs", $"{cause.Id}");
            using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { CgroupPath = [cgroup.CgroupPath] });
            cause.Go();
            ExecEvent e = Assert.Single(probe.DrainAll());
            Assert.Equal((string.Join('/', Enumerable.Repeat(name, 20)), true), (e.CgroupPath, e.Truncated));
        }
        finally
        {
            for (int i = levels.Count - 1; i > 0; i--)
            {
                Sys.close(levels[i]);
                for (int attempt = 0; Sys.unlinkat(levels[i - 1], Sys.Bytes(name), Sys.AtRemoveDir) < 0 && attempt < 100; attempt++)
                {
                    Thread.Sleep(20); // a process that has just ended may still be counted
                }
            }
            Sys.close(top);
        }
    }

    [LiveTheory]
    [InlineData("")]
    [InlineData("memory")]
    public void An_events_cgroup_is_the_one_that_names_it(string controller)
    {
        using Cgroup cgroup = Cgroup.New(controller, $"ebee-{Environment.ProcessId}.service");
        using Cgroup below = cgroup.Below($"docker-{A}.scope");
        using Cause cause = new("mark", "x");
        below.Add(cause.Id);
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal(below.CgroupPath, e.CgroupPath);
        Assert.Equal(Ebee.Host.Inodes.Of(below.Folder), e.CgroupId);
        Assert.Equal(A, e.ContainerId);
        if (cgroup.CgroupPath.LastIndexOf('/') == 0)
        {
            Assert.Equal(cgroup.CgroupPath[1..], e.SystemdUnit);
        }
    }

    [LiveFact]
    public void A_container_by_the_beginning_of_its_id()
    {
        using Cgroup one = Cgroup.New(AnyController(), A), two = Cgroup.New(AnyController(), $"docker-{B}.scope");
        using Cause inside = new("mark", "inside"), other = new("mark", "other");
        one.Add(inside.Id);
        two.Add(other.Id);
        using (Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ContainerId = ["aa1122"] }))
        {
            inside.Go();
            other.Go();
            ExecEvent e = Assert.Single(probe.DrainAll());
            Assert.Equal(("inside", A), (e.Argument[^1], e.ContainerId));
        }
        AssertError("EbpfContainerNotFound", "aa11", new TracerOptions { ContainerId = ["aa11"] });     // both
        AssertError("EbpfContainerNotFound", "ffffff", new TracerOptions { ContainerId = ["ffffff"] }); // none
        AssertError("EbpfContainerNotFound", "''", new TracerOptions { ContainerId = [""] });
    }

    [LiveFact]
    public void Several_filters_narrow_each_other()
    {
        using Cgroup cgroup = Cgroup.New(AnyController(), $"ebee-{Environment.ProcessId}-c");
        string renamed = Path.Combine(TestFolder.New(), "renamed");
        File.Copy(CauseProgram.Path, renamed);
        using Cause cause = new("child", "name and user", "fork", "fork", "uid", "65534", "exec", renamed, "x", "-", "user only");
        cgroup.Add(cause.Id);
        TracerOptions options = new()
        {
            ProcessId = [cause.Id],
            IncludeChildren = true,
            Name = ["cause"],
            UserName = ["root"],
            CgroupPath = [cgroup.CgroupPath],
        };
        Assert.Equal(["name and user"], Marks(cause, options));
    }

    [LiveFact]
    public void Failures_are_filtered_too()
    {
        using Cause one = new("try", "/no/such/1"), other = new("try", "/no/such/2");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [one.Id], IncludeFailed = true });
        one.Go();
        other.Go();
        Assert.Equal("/no/such/1", Assert.Single(probe.DrainAll()).FileName);
    }

    [LiveTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_ended_process_does_not_leave_its_id_to_another(bool includeChildren)
    {
        // A stranger starts a child by the id that was traced, and by the id of a descendant.
        using Cause traced = new("child", "a child", "mark", "itself");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [traced.Id], IncludeChildren = includeChildren });
        Dictionary<string, string> report = traced.GoAndReport();
        using Cause other = new("child-as", $"{traced.Id}", "unseen", "child-as", report["child"], "unseen");
        Dictionary<string, string> reused = other.GoAndReport();
        SkipException.If(int.Parse(reused["child"]) < 0, "needs clone3 with set_tid (Linux 5.5), and the ids not to be taken meanwhile");
        Assert.Equal(report["child"], reused["child"]);
        Assert.Equal(includeChildren ? ["a child", "itself"] : ["itself"], probe.DrainAll().Select(e => e.Argument[^1]));
    }

    [LiveFact]
    public void An_excluded_process_does_not_leave_its_id_to_another()
    {
        using Cause excluded = new("mark", "unseen");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ExcludeProcessId = [excluded.Id], Name = ["cause"] });
        excluded.Go();
        string mark = Tracing.NewMark();
        using Cause other = new("child-as", $"{excluded.Id}", mark);
        SkipException.If(int.Parse(other.GoAndReport()["child"]) < 0, "needs clone3 with set_tid (Linux 5.5), and the ids not to be taken meanwhile");
        Assert.Equal(excluded.Id, probe.DrainAll().Single(e => e.Argument is ["cause", "-", var argument] && argument == mark).ProcessId);
    }

    [LiveFact]
    public void What_is_not_there_is_an_error()
    {
        AssertError("EbpfProcessNotFound", "2147483647", new TracerOptions { ProcessId = [int.MaxValue] });
        AssertError("EbpfProcessNotFound", "0", new TracerOptions { ProcessId = [0] });
        AssertError("EbpfProcessNotFound", "-1", new TracerOptions { ExcludeProcessId = [-1] });
        AssertError("EbpfUserNotFound", "no-such-user", new TracerOptions { UserName = ["root", "no-such-user"] });
        AssertError("EbpfCgroupNotFound", "/no/such/cgroup", new TracerOptions { CgroupPath = ["/no/such/cgroup"] });
        AssertError("EbpfInvalidArgument", "100", new TracerOptions { BufferSize = 100 });
        using Cause cause = new();
        int ended = cause.Id;
        cause.Go();
        AssertError("EbpfProcessNotFound", $"{ended}", new TracerOptions { ProcessId = [ended] });
    }

    private static void AssertError(string id, string named, TracerOptions options)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => new ExecTracer().Start(options));
        Assert.Equal(id, e.ErrorId);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.RecommendedAction);
    }

    // The last arguments of all that is traced while the cause does its steps.
    private static IEnumerable<string> Marks(Cause cause, TracerOptions options)
    {
        using Probe<ExecEvent> probe = new ExecTracer().Start(options);
        cause.Go();
        return probe.DrainAll().Select(e => e.Argument[^1]);
    }

    private static string AnyController() =>
        File.ReadLines("/proc/self/mounts").Any(line => line.Split(' ')[2] == "cgroup2") ? "" : "memory";
}
