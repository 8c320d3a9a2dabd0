using System.Globalization;
using System.Text;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>What an execution's event says, against what the process said of itself.</summary>
[Trait("Category", "Live")]
public sealed class ExecTests
{
    private const uint Nobody = 65534;

    [LiveFact]
    public void Five_thousand_processes_are_five_thousand_events()
    {
        const int Count = 5000;
        string mark = Tracing.NewMark();
        using Cause cause = new("many", "4", $"{Count}", mark);
        // All of the machine's: the filter has tests of its own, and here nothing may hide behind it.
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        string[] caused = cause.Go().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<ExecEvent> events = [.. probe.DrainAll().Where(e => e.Argument is ["cause", "-", var argument] && argument.StartsWith(mark + "-", StringComparison.Ordinal))];

        Assert.Equal(Count, caused.Length);
        Assert.Equal(caused.Order(), events.Select(e => $"{e.ProcessId} {e.ParentProcessId} {e.UserId} {e.Argument[2]}").Order());
        Assert.Equal(4, events.Select(e => e.ParentProcessId).Distinct().Count());
        Assert.Equal([0u, Nobody], events.Select(e => e.UserId).Distinct().Order());
        Assert.DoesNotContain(events, e => e.ProcessId != e.ThreadId || e.ProcessId != e.HostProcessId);
        Assert.Equal([("cause", CauseProgram.Path, 0, null, false)],
            events.Select(e => (e.ParentName, e.Executable, e.ReturnCode, e.Error, e.Truncated)).Distinct());
        // Two processors write to one ring: the order is that of the ring, within what one takes to write a record.
        Assert.DoesNotContain(Enumerable.Zip(events, events.Skip(1)), pair => pair.First.Time - pair.Second.Time > TimeSpan.FromSeconds(1));
    }

    [LiveFact]
    public void Every_property_is_what_the_process_knows_of_itself()
    {
        string folder = TestFolder.New("working folder ");
        using Cause cause = new("chdir", Cause.Encode(folder), "tty", "report", "exec", CauseProgram.Path, "cause", "-", "one two");
        DateTimeOffset before = DateTimeOffset.Now;
        ExecEvent e = Assert.Single(cause.Trace(out string printed));
        Dictionary<string, string> self = Cause.Report(printed);

        Assert.InRange(e.Time, before.AddSeconds(-0.5), DateTimeOffset.Now.AddSeconds(0.5));
        Assert.Equal(DateTimeOffset.Now.Offset, e.Time.Offset);
        Assert.Equal(self["pid"], $"{e.ProcessId}");
        Assert.Equal(self["pid"], $"{e.ThreadId}");
        Assert.Equal(self["pid"], $"{e.HostProcessId}");
        Assert.Equal(Environment.ProcessId, e.ParentProcessId);
        Assert.Equal(File.ReadAllText("/proc/self/comm").Trim(), e.ParentName);
        Assert.Equal("cause", e.Name);
        Assert.Equal((0u, 0u, 0u, "root"), (e.UserId, e.RealUserId, e.GroupId, e.UserName));
        Assert.Equal(self["login"], $"{e.LoginUserId ?? uint.MaxValue}");
        Assert.Equal(self["session"], $"{e.SessionId ?? uint.MaxValue}");
        Assert.Equal(CauseProgram.Path, e.FileName);
        Assert.Equal(CauseProgram.Path, e.Executable);
        Assert.Equal(["cause", "-", "one two"], e.Argument);
        Assert.Equal("cause - 'one two'", e.CommandLine);
        Assert.Equal(self["cwd"], e.WorkingDirectory);
        Assert.Equal(folder, e.WorkingDirectory);
        Assert.Equal(self["tty"], "/dev/" + e.Terminal);
        Assert.Equal(Tracing.Namespace(self["mnt"]), e.MountNamespace);
        Assert.Equal(Tracing.Namespace(self["pidns"]), e.PidNamespace);
        Assert.Contains(Cgroup.PathsOf("self"), path => path == e.CgroupPath);
        Assert.Equal(0, e.ReturnCode);
        Assert.Null(e.Error);
        Assert.False(e.Truncated);
    }

    [LiveFact]
    public void There_is_no_terminal_where_there_is_none()
    {
        using Cause cause = new("tty", "mark", "x");
        Assert.NotNull(Assert.Single(cause.Trace()).Terminal);
        // A session of its own, without one.
        string mark = Tracing.NewMark();
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        Assert.Equal(0, CommandRun.Run("setsid", ["--wait", CauseProgram.Path, "-", mark]).ExitCode);
        Assert.Null(probe.DrainAll().Single(e => e.Argument.Contains(mark) && e.Name == "cause").Terminal);
    }

    [LiveTheory]
    [InlineData(1, 100_000)]    // one long argument
    [InlineData(3, 255)]        // about as long as what is read at once, and as what is read early
    [InlineData(3, 256)]
    [InlineData(7, 254)]
    [InlineData(1, 1590)]
    [InlineData(2, 1600)]
    [InlineData(100, 1000)]     // many
    [InlineData(10_000, 10)]
    [InlineData(1, 131_071)]    // the longest single one that Linux takes
    [InlineData(2, 131_000)]
    public void Arguments_come_whole(int count, int size)
    {
        using Cause cause = new("exec-big", $"{count}", $"{size}");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal(count + 2, e.Argument.Length);
        Assert.Equal(BigArguments(count, size), e.Argument);
        Assert.False(e.Truncated);
    }

    [Trait("Kernels", "Short")]
    [LiveTheory]
    [InlineData("tp_btf")]
    [InlineData("raw_tp")]
    public void Arguments_that_another_process_writes_over_while_the_program_starts(string hook)
    {
        SkipException.If(Ebee.Host.KernelRelease.IsOlderThan(6, 9), "needs the tracepoint sched_prepare_exec (Linux 6.9)");
        int count = Guest.Times(300);
        using Cause cause = new("fixed-addresses", "exec", CauseProgram.Path, "cause", "overwrite-arguments", $"{count}");
        List<ExecEvent> events = cause.Trace(hook: hook)[1..];
        Assert.Equal(count, events.Count);
        int changed = events.Count(e => e.Argument is not ["cause", "-", "genuine-argument"]);
        if (hook == "tp_btf")
        {
            Assert.Equal(0, changed);
        }
        else
        {
            Assert.InRange(changed, Guest.IsHere ? 0 : 1, count); // what the test does does work; a guest has one processor at a time
        }
    }

    [LiveFact]
    public void Arguments_beyond_the_limit_are_cut_and_said_to_be()
    {
        // 3 times 100,000 bytes: the limit of 256 KiB falls into the third.
        using Cause cause = new("exec-big", "3", "100000");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.True(e.Truncated);
        string[] whole = BigArguments(3, 100_000);
        Assert.Equal(whole[..^1], e.Argument[..^1]);
        Assert.StartsWith(e.Argument[^1], whole[^1], StringComparison.Ordinal);
        Assert.Equal(256 * 1024, e.Argument.Sum(a => a.Length + 1) - 1);
        Assert.Equal(cause.Id, e.ProcessId);
    }

    [LiveFact]
    public void A_record_too_big_for_a_small_ring_is_cut_not_lost()
    {
        using Cause cause = new("exec-big", "20", "1000");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions { ProcessId = [cause.Id], BufferSize = 4096 });
        cause.Go();
        ExecEvent e = Assert.Single(probe.DrainAll());
        Assert.True(e.Truncated);
        Assert.InRange(e.Argument.Length, 2, 4);
        Assert.Equal(["cause", "-"], e.Argument[..2]);
        Assert.Equal(cause.Id, e.ProcessId);
    }

    [LiveFact]
    public void A_script_is_its_interpreter_with_the_scripts_name()
    {
        string script = Path.Combine(TestFolder.New(), "a script");
        File.WriteAllText(script, $"#!{CauseProgram.Path} -\n");
        File.SetUnixFileMode(script, File.GetUnixFileMode(CauseProgram.Path));
        using Cause cause = new("exec", Cause.Encode(script), "ignored", "an argument");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal(script, e.FileName);
        Assert.Equal(CauseProgram.Path, e.Executable);
        Assert.Equal("a script", e.Name);
        Assert.Equal([CauseProgram.Path, "-", script, "an argument"], e.Argument);
    }

    [LiveFact]
    public void A_memory_file()
    {
        using Cause cause = new("exec-memory", "quite secret", "cause", "-", "x");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal("memfd:quite secret", e.FileName);
        Assert.Equal("memfd:quite secret", e.Executable);
        Assert.Equal(["cause", "-", "x"], e.Argument);
    }

    [LiveFact]
    public void A_file_named_below_a_folders_descriptor()
    {
        string folder = Path.GetDirectoryName(CauseProgram.Path)!;
        using Cause cause = new("exec-at", folder, "cause", "cause", "-", "x");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal(CauseProgram.Path, e.Executable);
        Assert.EndsWith("/cause", e.FileName!, StringComparison.Ordinal); // the kernel names it /dev/fd/N/cause
    }

    [LiveFact]
    public void A_relative_name_through_a_link()
    {
        string folder = TestFolder.New();
        File.CreateSymbolicLink(Path.Combine(folder, "link"), CauseProgram.Path);
        using Cause cause = new("chdir", folder, "exec", "./link", "cause", "-", "x");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal("./link", e.FileName);
        Assert.Equal(CauseProgram.Path, e.Executable);
        Assert.Equal("link", e.Name);
        Assert.Equal(folder, e.WorkingDirectory);
    }

    [LiveFact]
    public void A_thread_that_is_not_the_first_becomes_the_process()
    {
        using Cause cause = new("thread", "report", "mark", "from a thread");
        ExecEvent e = Assert.Single(cause.Trace(out string printed));
        Assert.NotEqual(Cause.Report(printed)["pid"], Cause.Report(printed)["tid"]);
        Assert.Equal((cause.Id, cause.Id), (e.ProcessId, e.ThreadId));
        Assert.Equal(Environment.ProcessId, e.ParentProcessId);
        Assert.Equal(["cause", "-", "from a thread"], e.Argument);
    }

    [LiveFact]
    public void Other_namespaces()
    {
        using Cause cause = new("unshare", "mnt,pid", "fork", "report", "mark", "inside");
        ExecEvent e = Assert.Single(cause.Trace(out string printed));
        Dictionary<string, string> self = Cause.Report(printed);
        Assert.Equal("1", self["pid"]);
        Assert.Equal(self["forked"], $"{e.ProcessId}"); // the reader's id for it
        Assert.Equal(cause.Id, e.ParentProcessId);
        Assert.Equal(Tracing.Namespace(self["mnt"]), e.MountNamespace);
        Assert.Equal(Tracing.Namespace(self["pidns"]), e.PidNamespace);
        Assert.NotEqual(Tracing.Namespace(new FileInfo("/proc/self/ns/mnt").LinkTarget!), e.MountNamespace);
        Assert.NotEqual(Tracing.Namespace(new FileInfo("/proc/self/ns/pid").LinkTarget!), e.PidNamespace);
        Assert.Equal(CauseProgram.Path, e.Executable);
    }

    [LiveFact]
    public void Another_root()
    {
        _ = CauseProgram.Path;
        SkipException.If(!CauseProgram.IsStatic, "needs a static C library (libc6-dev, glibc-static) for a program that runs in an empty root");
        string root = TestFolder.New("root");
        Directory.CreateDirectory(Path.Combine(root, "in"));
        File.Copy(CauseProgram.Path, Path.Combine(root, "in", "program"));
        using Cause cause = new("chroot", root, "chdir", "/in", "exec", "/in/program", "program", "-", "x");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal("/in/program", e.FileName);
        Assert.Equal($"{root}/in/program", e.Executable);     // as /proc/PID/exe has it
        Assert.Equal($"{root}/in", e.WorkingDirectory);
    }

    [LiveTheory]
    [InlineData("unlinked", true)]
    [InlineData("nameless", true)]
    [InlineData("replaced", true)]
    [InlineData("moved", false)]
    public void A_program_that_was_deleted(string how, bool isDeleted)
    {
        string folder = TestFolder.New();
        File.WriteAllText(Path.Combine(folder, "other"), "");
        using Cause cause = new("chdir", Cause.Encode(folder), "exec-gone", how, "cause", "say-paths");
        List<ExecEvent> events = cause.Trace(out string printed);
        SkipException.If(printed.StartsWith("unsupported", StringComparison.Ordinal), "needs a file system with O_TMPFILE beneath /var/tmp");
        ExecEvent e = Assert.Single(events);
        Dictionary<string, string> self = Cause.Report(printed);
        Assert.Equal((self["exe"], self["cwd"]), (e.Executable, e.WorkingDirectory));
        Assert.Equal(isDeleted, self["exe"].EndsWith(" (deleted)", StringComparison.Ordinal));
        Assert.Equal((isDeleted, false), (e.IsDeleted, e.Truncated));
    }

    [LiveFact]
    public void A_program_in_a_folder_that_was_deleted()
    {
        string folder = TestFolder.New("folder") + "/gone (deleted)";
        Directory.CreateDirectory(folder);
        using Cause cause = new("chdir", Cause.Encode(folder), "remove-folder", Cause.Encode(folder), "exec", CauseProgram.Path, "cause", "say-paths");
        ExecEvent e = Assert.Single(cause.Trace(out string printed));
        Dictionary<string, string> self = Cause.Report(printed);
        Assert.Equal(folder + " (deleted)", self["cwd"]);
        Assert.Equal((self["exe"], self["cwd"], false), (e.Executable, e.WorkingDirectory, e.IsDeleted));
    }

    [LiveFact]
    public void A_program_that_is_mounted_nowhere_has_no_path_of_this_namespace()
    {
        string folder = TestFolder.New();
        Directory.CreateDirectory(Path.Combine(folder, "etc"));
        File.Copy(CauseProgram.Path, Path.Combine(folder, "etc", "program"));
        using Cause cause = new("detached", folder, "exec", "./etc/program", "cause", "say-paths");
        ExecEvent e = Assert.Single(cause.Trace(out string printed));
        Assert.Equal("/etc/program", Cause.Report(printed)["exe"]); // so it can be forged
        Assert.Equal(("(unreachable)/etc/program", "(unreachable)", false), (e.Executable, e.WorkingDirectory, e.Truncated));
    }

    [LiveFact]
    public void A_program_of_another_mount_namespace_has_no_path_in_this_one()
    {
        string folder = TestFolder.New();
        Directory.CreateDirectory(Path.Combine(folder, "in"));
        // The mount is the thread's alone, and the process that starts in it goes back to that of the machine.
        PrivateMounts.Run(() =>
        {
            Sys.Mount("ebee-tests", folder, "tmpfs", 0, "mode=755");
            File.Copy(CauseProgram.Path, Path.Combine(folder, "program"));
            using Cause cause = new("chdir", folder, "leave-mounts", $"{Environment.ProcessId}", "exec", "./program", "cause", "say-paths");
            ExecEvent e = Assert.Single(cause.Trace());
            Assert.Equal(("(unreachable)" + folder + "/program", "(unreachable)" + folder, false), (e.Executable, e.WorkingDirectory, e.Truncated));
        });
    }

    [LiveFact]
    public void A_folder_under_thousands_of_mounts()
    {
        string folder = TestFolder.New();
        File.Copy(CauseProgram.Path, Path.Combine(folder, "program"));
        using Cause cause = new("unshare", "mnt", "stack-mounts", folder, "5000", "exec", "./program", "cause", "say-paths");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.True(e.Truncated);
        Assert.Equal(("program", ""), (e.Executable, e.WorkingDirectory));
    }

    [LiveFact]
    public void A_path_longer_than_the_limit_is_cut_between_names_and_said_to_be()
    {
        string folder = TestFolder.New(), name = new('d', 200);
        using Cause cause = new(["chdir", folder, .. Enumerable.Range(0, 30).SelectMany(_ => new[] { "make-folder", name }), "mark", "x"]);
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.True(e.Truncated);
        Assert.Equal(string.Join('/', Enumerable.Repeat(name, 20)), e.WorkingDirectory); // 20 * 201 - 1 = 4019 bytes
        Assert.Equal(CauseProgram.Path, e.Executable);
    }

    [LiveFact]
    public void What_is_not_UTF8_is_replaced()
    {
        string folder = TestFolder.New();
        byte[] path = [.. Encoding.UTF8.GetBytes(folder), (byte)'/', 0xff, (byte)'x', 0xfe];
        byte[] from = Sys.Bytes(CauseProgram.Path);
        Sys.Check(Sys.link(from, [.. path, 0]), "link");
        using Cause cause = new("exec", Cause.Encode(path), "cause", "-", "%ff%c3", "ok", "%f0%9f%a6%8a", "%1b[31m%0a");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal($"{folder}/\ufffdx\ufffd", e.FileName);
        Assert.Equal("\ufffdx\ufffd", e.Name);
        Assert.Equal(["cause", "-", "\ufffd\ufffd", "ok", "🦊", "\e[31m\n"], e.Argument); // and the rest raw
        Assert.EndsWith("/\ufffdx\ufffd", e.Executable!, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_name_longer_than_the_kernels_is_cut_by_bytes()
    {
        string program = Path.Combine(TestFolder.New(), "ääääääää-end"); // 16 bytes of ä: the 15th falls into one
        File.Copy(CauseProgram.Path, program);
        using Cause cause = new("exec", Cause.Encode(program), "x", "-");
        Assert.Equal("äääääää\ufffd", Assert.Single(cause.Trace()).Name);
    }

    [LiveFact]
    public void No_arguments_at_all()
    {
        using Cause cause = new("exec-empty");
        ExecEvent e = Assert.Single(cause.Trace());
        // Linux 5.18 and newer make it one empty argument.
        Assert.All(e.Argument, argument => Assert.Equal("", argument));
        Assert.InRange(e.Argument.Length, 0, 1);
        Assert.Equal(CauseProgram.Path, e.FileName);
        Assert.False(e.Truncated);
    }

    [LiveFact]
    public void A_program_that_changes_its_user()
    {
        using Cause cause = new("uid", "65534", "mark", "after");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal((Nobody, Nobody, Nobody, "nobody"), (e.UserId, e.RealUserId, e.GroupId, e.UserName));
    }

    [LiveFact]
    public void Setpriv_is_root_and_what_it_runs_is_not()
    {
        string mark = Tracing.NewMark();
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        Assert.Equal(0, CommandRun.Run("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", CauseProgram.Path, "-", mark]).ExitCode);
        ExecEvent[] events = [.. probe.DrainAll().Where(e => e.Argument.Contains(mark))];
        Assert.Equal([("setpriv", 0u), ("cause", Nobody)], events.Select(e => (e.Name, e.UserId)));
        Assert.Equal(events[0].ProcessId, events[1].ProcessId);
    }

    [LiveFact]
    public void A_setuid_program_is_its_owners()
    {
        string program = Path.Combine(TestFolder.New(), "owned");
        File.Copy(CauseProgram.Path, program);
        File.SetUnixFileMode(program, File.GetUnixFileMode(CauseProgram.Path) | UnixFileMode.SetUser);
        SkipException.If(IsNosuid(), "needs a file system without nosuid beneath /var/tmp");
        using Cause cause = new("uid", "65534", "exec", program, "owned", "-");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal((0u, "root", Nobody), (e.UserId, e.UserName, e.RealUserId));
    }

    [LiveFact]
    public void A_deep_working_folder_comes_whole()
    {
        // 4,080 bytes: just below what getcwd gives.
        string folder = TestFolder.New("deep");
        string name = new('d', 200);
        List<string> steps = [];
        PrivateMounts.Run(() =>
        {
            Sys.Check(Sys.chdir(Sys.Bytes(folder)), "chdir");
            string path = folder;
            while (path.Length + 201 < 4080)
            {
                Sys.Check(Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes(name), 0x1ed), "mkdir");
                Sys.Check(Sys.chdir(Sys.Bytes(name)), "chdir");
                path += "/" + name;
            }
            string last = new('e', 4080 - path.Length - 1);
            Sys.Check(Sys.mkdirat(Sys.AtFdcwd, Sys.Bytes(last), 0x1ed), "mkdir");
            path += "/" + last;
            using Cause cause = new("chdir", path, "mark", "x");
            ExecEvent e = Assert.Single(cause.Trace());
            Assert.Equal(path, e.WorkingDirectory);
            Assert.False(e.Truncated);
        });
    }

    [LiveFact]
    public void Failures_only_on_request()
    {
        using Cause cause = new("try", "/no/such/file", "mark", "ok");
        ExecEvent e = Assert.Single(cause.Trace());
        Assert.Equal(["cause", "-", "ok"], e.Argument);
    }

    [LiveFact]
    public void Failures_with_their_errors()
    {
        string folder = TestFolder.New();
        string notExecutable = Path.Combine(folder, "plain"), noFormat = Path.Combine(folder, "junk"), empty = Path.Combine(folder, "dir");
        File.WriteAllText(notExecutable, "x");
        File.WriteAllBytes(noFormat, [1, 2, 3, 4]);
        File.SetUnixFileMode(noFormat, File.GetUnixFileMode(CauseProgram.Path));
        Directory.CreateDirectory(empty);
        File.CreateSymbolicLink(Path.Combine(folder, "loop"), Path.Combine(folder, "loop"));
        string[] paths = ["/no/such/file", notExecutable, noFormat, empty, notExecutable + "/below", Path.Combine(folder, "loop"), "/" + new string('n', 300), ""];
        string[] errors = ["ENOENT", "EACCES", "ENOEXEC", "EACCES", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "ENOENT"];
        using Cause cause = new([.. paths.SelectMany(p => new[] { "try", Cause.Encode(p) }), "mark", "after"]);
        List<ExecEvent> events = cause.Trace(out string printed, includeFailed: true);

        Assert.Equal([.. errors, null], events.Select(e => e.Error));
        Assert.Equal(printed.Split('\n', StringSplitOptions.RemoveEmptyEntries), events.SkipLast(1).Select(e => $"{-e.ReturnCode}"));
        Assert.Equal([.. paths, CauseProgram.Path], events.Select(e => e.FileName));
        Assert.All(events.SkipLast(1).Zip(paths), pair =>
        {
            Assert.Equal(["tried", pair.Second], pair.First.Argument);
            Assert.Null(pair.First.Executable);
            Assert.Equal((cause.Id, cause.Id, "cause"), (pair.First.ProcessId, pair.First.ThreadId, pair.First.Name));
            Assert.Equal(Environment.CurrentDirectory, pair.First.WorkingDirectory);
            Assert.False(pair.First.Truncated);
        });
    }

    [LiveFact]
    public void A_failure_below_a_folders_descriptor_has_the_name_as_given()
    {
        using Cause cause = new("try-at", "/", "no/such");
        ExecEvent e = Assert.Single(cause.Trace(includeFailed: true));
        Assert.Equal(("no/such", "ENOENT"), (e.FileName, e.Error));
        Assert.Equal(["tried", "no/such"], e.Argument);
    }

    [LiveFact]
    public void A_failures_path_that_cannot_be_read()
    {
        using Cause cause = new("try-fault");
        ExecEvent e = Assert.Single(cause.Trace(includeFailed: true));
        Assert.Equal((null, "EFAULT", true), (e.FileName, e.Error, e.Truncated));
        Assert.Equal(["tried"], e.Argument);
    }

    [LiveFact]
    public void A_failures_argument_that_is_not_in_memory_is_said_to_be_missing()
    {
        using Cause cause = new("try-absent", "/no/such/file");
        ExecEvent e = Assert.Single(cause.Trace(includeFailed: true));
        Assert.Equal("ENOENT", e.Error);
        // Older kernels (6.1 is one) copy the arguments before they look for the file, and the page is in memory then.
        Assert.Equal(e.Truncated ? ["present"] : ["present", "", "behind it"], e.Argument);
    }

    [LiveFact]
    public void A_failure_through_the_32_bit_calls()
    {
        using Cause cause = new("try-compat", "/no/such/file");
        List<ExecEvent> events = cause.Trace(out string printed, includeFailed: true);
        SkipException.If(printed.StartsWith("unsupported", StringComparison.Ordinal), "needs a kernel with 32-bit system calls (CONFIG_IA32_EMULATION)");
        ExecEvent e = Assert.Single(events);
        Assert.Equal(("/no/such/file", "ENOENT", false), (e.FileName, e.Error, e.Truncated));
        Assert.Equal(["compat one", "compat two"], e.Argument);
    }

    [Trait("Kernels", "Short")]
    [LiveTheory]
    [InlineData("tp_btf")]
    [InlineData("raw_tp")]
    [InlineData("tp")]
    public void Every_hook_gives_the_same_events(string hook)
    {
        // tp is found through tracefs, which need not be mounted.
        SkipException.If(hook == "tp" && !File.ReadAllText("/proc/filesystems").Contains("\ttracefs\n", StringComparison.Ordinal), "needs a kernel with tracefs");
        string script = Path.Combine(TestFolder.New(), "script");
        File.WriteAllText(script, $"#!{CauseProgram.Path} -\n");
        File.SetUnixFileMode(script, File.GetUnixFileMode(CauseProgram.Path));
        using Cause cause = new("child", "one", "child", "%ff", "try", "/no/such/file", "thread", "uid", "65534", "exec", script, "x");
        using Probe<ExecEvent> probe = new ExecTracer().Start(new TracerOptions
        {
            ProcessId = [cause.Id],
            IncludeChildren = true,
            IncludeFailed = true,
            Hook = hook,
        });
        Assert.Equal(hook, probe.Hook);
        Assert.Empty(probe.SkippedHooks);
        cause.Go();
        List<ExecEvent> events = probe.DrainAll();
        Assert.Equal(
            [
                (CauseProgram.Path, "cause - one", 0u, null),
                (CauseProgram.Path, "cause - '\ufffd'", 0u, null),
                ("/no/such/file", "tried /no/such/file", 0u, "ENOENT"),
                (script, $"{CauseProgram.Path} - {script}", Nobody, (string?)null),
            ],
            events.Select(e => (e.FileName!, e.CommandLine, e.UserId, e.Error)));
        Assert.Equal([cause.Id, cause.Id, Environment.ProcessId, Environment.ProcessId], events.Select(e => e.ParentProcessId));
        Assert.All(events, e => Assert.False(e.Truncated));
    }

    [LiveFact]
    public void An_unknown_hook_is_an_error()
    {
        EbpfException e = Assert.Throws<EbpfException>(() => new ExecTracer().Start(new TracerOptions { Hook = "magic" }));
        Assert.Equal("EbpfInvalidArgument", e.ErrorId);
        Assert.Contains("tp_btf", e.RecommendedAction, StringComparison.Ordinal);
    }

    [LiveFact]
    public void The_best_hook_is_taken_first()
    {
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        Assert.Equal("tp_btf", probe.Hook);
        Assert.Empty(probe.SkippedHooks);
        Assert.Equal(8 << 20, probe.BufferSize);
    }

    private static string[] BigArguments(int count, int size) =>
        ["cause", "-", .. Enumerable.Range(0, count).Select(i => new string((char)('a' + i % 26), size))];

    private static bool IsNosuid()
    {
        string options = CommandRun.Run("findmnt", ["-n", "-o", "OPTIONS", "-T", TestFolder.Root]).Output;
        return options.Split(',', '\n').Contains("nosuid");
    }
}
