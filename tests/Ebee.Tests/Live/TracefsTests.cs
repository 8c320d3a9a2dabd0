using System.Globalization;
using Ebee.Host;

namespace Ebee.Tests.Live;

/// <summary>The kernel's trace file system where it is not mounted, against one that is, in a mount namespace of its own.</summary>
[Trait("Category", "Live")]
public sealed class TracefsTests
{
    private const string Mount = "mount -t tracefs nodev /sys/kernel/tracing && cd /sys/kernel/tracing && ";

    [LiveFact]
    public void It_is_reached_and_nobody_sees_a_mount()
    {
        string before = File.ReadAllText("/proc/self/mountinfo");
        string folder = Tracefs.Folder();
        Assert.Equal(before, File.ReadAllText("/proc/self/mountinfo"));
        string[] names = Tracepoints.Names(folder);
        string[] there = InNamespace("cat available_events").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(there.Order(StringComparer.Ordinal), names);
        Assert.True(names.Length > 100);
    }

    [LiveFact]
    public void It_is_mounted_once_for_the_process_and_not_for_its_children()
    {
        SkipException.If(MountTable.Read().Exists(mount => mount.Type is "tracefs" or "debugfs"), "needs a machine where tracefs is not mounted");
        string folder = Tracefs.Folder();
        Assert.Matches("^/proc/self/fd/[1-9][0-9]*$", folder);
        int before = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(folder, Tracefs.Folder());
        }
        Assert.InRange(Directory.GetFileSystemEntries("/proc/self/fd").Length, 0, before + 5); // the runtime's own
        string flags = File.ReadLines($"/proc/self/fdinfo/{folder[14..]}").First(line => line.StartsWith("flags:", StringComparison.Ordinal));
        Assert.NotEqual(0, Convert.ToInt32(flags[6..].Trim(), 8) & 0x80000); // O_CLOEXEC
        // Another process reaches it by the path that is shown.
        Assert.Equal(0, CommandRun.Run("test", ["-e", Tracefs.Shown(folder) + "/trace_pipe"]).ExitCode);
    }

    [LiveFact]
    public void Ids_of_tracepoints_are_the_kernels()
    {
        foreach ((string category, string name) in new[] { ("sched", "sched_switch"), ("syscalls", "sys_enter_execve"), ("raw_syscalls", "sys_exit") })
        {
            Assert.Equal(int.Parse(InNamespace($"cat events/{category}/{name}/id"), CultureInfo.InvariantCulture), Tracepoints.IdOf(category, name));
        }
    }

    [LiveTheory]
    [InlineData("sched", "sched_swich", "sched:sched_switch")]
    [InlineData("syscall", "sys_enter_execve", "syscalls:sys_enter_execve")]
    [InlineData("sched/..", "sched/sched_switch", "sched:sched_switch")]
    [InlineData("..", "events", null)]
    [InlineData("", "", null)]
    public void What_is_no_tracepoint_has_no_id(string category, string name, string? nearest)
    {
        EbpfException e = Assert.Throws<EbpfException>(() => Tracepoints.IdOf(category, name));
        Assert.Equal(EbpfError.TracepointNotFound, e.Error);
        Assert.Contains($"'{category}:{name}'", e.Message, StringComparison.Ordinal);
        if (nearest is not null)
        {
            Assert.Contains(nearest, e.RecommendedAction, StringComparison.Ordinal);
        }
    }

    private static string InNamespace(string script)
    {
        CommandRun run = CommandRun.Run("unshare", ["--mount", "sh", "-c", Mount + script]);
        SkipException.If(run.ExitCode != 0, $"needs a mount namespace ({run.Errors.Trim()})");
        return run.Output;
    }
}
