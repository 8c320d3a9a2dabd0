using System.Diagnostics;
using System.Text.Json;
using Ebee.Tracers;

namespace Ebee.Tests.Live;

/// <summary>The command as a process: what it prints, how it ends, what it says when it cannot.</summary>
[Trait("Category", "Live")]
public sealed class CommandTests
{
    private static readonly TimeSpan OneSecond = Guest.Limit(TimeSpan.FromSeconds(1));

    [LiveFact]
    public void A_line_of_JSON_for_each_event_at_once()
    {
        using Cause cause = new("fork", "child", "first", "await", "uid", "65534", "mark", "the \e[31m second\n");
        using EbeeProcess ebee = new("execsnoop", "--json", "--pid", $"{cause.Id}", "--children");
        cause.Continue();
        // While the stream goes on and no second event pushes the first.
        JsonElement first = Json(ebee.ReadLine(OneSecond));
        Assert.False(ebee.HasExited);
        Assert.Equal(PropertyNames<ExecEvent>(), first.EnumerateObject().Select(p => p.Name));
        Assert.Equal("first", first.GetProperty("Argument")[2].GetString());
        cause.Go();
        string line = ebee.ReadLine(OneSecond);
        JsonElement second = Json(line);
        Assert.Equal("the \e[31m second\n", second.GetProperty("Argument")[2].GetString());
        Assert.Equal(["cause", "-", "the \e[31m second\n"], second.GetProperty("Argument").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal("nobody", second.GetProperty("UserName").GetString());
        Assert.Equal(65534, second.GetProperty("UserId").GetInt64());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("Error").ValueKind);
        Assert.False(second.GetProperty("Truncated").GetBoolean());
        Assert.InRange(second.GetProperty("Time").GetDateTimeOffset(), DateTimeOffset.Now.AddMinutes(-1), DateTimeOffset.Now.AddSeconds(1));
        Assert.All(line, c => Assert.InRange(c, ' ', '~'));
        ebee.Signal("INT");
        Assert.Empty(ebee.ReadToEnd());
        Assert.Equal((2, 0, 0), ebee.Account);
    }

    [Theory]
    [InlineData(">&-", "standard output is closed")]
    [InlineData("<&-", "standard input is closed")]
    [InlineData("2>&-", "")]
    [InlineData(">&- <&-", "standard output is closed")]
    [InlineData(">&- 2>&-", "")]
    [InlineData("<&- >&- 2>&-", "")]
    public void A_standard_descriptor_that_is_closed_ends_it_before_it_traces(string closed, string said)
    {
        // Without an end of its own it would write to a file of the runtime's that has the number.
        CommandRun run = CommandRun.Run("sh", ["-c", $"exec timeout 20 \"$0\" execsnoop --json {closed}", Repository.Command]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
        Assert.Equal(said.Length > 0, run.Errors.Contains("ebee: Give it one", StringComparison.Ordinal));
    }

    [LiveFact]
    public void Deletions_as_JSON()
    {
        string file = TestFolder.New() + "/ä\n";
        File.WriteAllText(file, "");
        using EbeeProcess ebee = new("rmdetect", "--json", "--comm", "rm", "--count", "1");
        Assert.Equal(0, CommandRun.Run("rm", [file]).ExitCode);
        JsonElement e = Json(ebee.ReadLine());
        Assert.Equal(PropertyNames<FileDeleteEvent>(), e.EnumerateObject().Select(p => p.Name));
        Assert.Equal((file, "Unlink", "rm"), (e.GetProperty("Path").GetString(), e.GetProperty("Operation").GetString(), e.GetProperty("Name").GetString()));
        Assert.Equal(0, ebee.WaitForExit());
    }

    [LiveFact]
    public void A_table_whose_first_row_shows_at_once()
    {
        using Cause cause = new("fork", "child", "an argument", "await");
        using EbeeProcess ebee = new("execsnoop", "--pid", $"{cause.Id}", "--children");
        Assert.Matches(@"^TIME +PID +PPID +USER +NAME +RET +COMMAND$", ebee.ReadLine(OneSecond));
        cause.Continue();
        string row = ebee.ReadLine(OneSecond);
        Assert.Matches(@"^\d\d:\d\d:\d\d\.\d{6} +\d+ +\d+ +root +cause +0 +cause - 'an argument'$", row);
        Assert.False(ebee.HasExited);
    }

    [LiveFact]
    public void Deletions_as_a_table()
    {
        string file = TestFolder.New() + "/gone";
        File.WriteAllText(file, "");
        using EbeeProcess ebee = new("rmdetect", "--comm", "rm", "--count", "1");
        Assert.Matches(@"^TIME +PID +USER +NAME +OPERATION +RET +PATH$", ebee.ReadLine(OneSecond));
        Assert.Equal(0, CommandRun.Run("rm", [file]).ExitCode);
        Assert.Matches($@"^\d\d:\d\d:\d\d\.\d{{6}} +\d+ +root +rm +Unlink +0 +{file}$", ebee.ReadLine(OneSecond));
        Assert.Equal(0, ebee.WaitForExit());
    }

    [LiveFact]
    public void What_others_chose_is_harmless_in_the_table()
    {
        string folder = TestFolder.New();
        string name = "\e]0;x\a\n\u202e\u0085";
        File.CreateSymbolicLink($"{folder}/{name}", CauseProgram.Path);
        string[] hostile = ["\e[2J\e[H", "a\nb\r\t", "\u202egpj.exe", "\u2066\u200b\u009b31m", "%ff"];
        using Cause cause = new(["exec", Cause.Encode($"{folder}/{name}"), "x", "-", .. hostile.Select(h => h == "%ff" ? h : Cause.Encode(h))]);
        using EbeeProcess ebee = new("execsnoop", "--pid", $"{cause.Id}");
        ebee.ReadLine();
        cause.Go();
        string row = ebee.ReadLine(OneSecond);
        Assert.DoesNotContain(row, c => char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format);
        Assert.Contains(@"\e[2J\e[H", row, StringComparison.Ordinal);
        Assert.Contains(@"a\nb\r\t", row, StringComparison.Ordinal);
        Assert.Contains(@"\u202egpj.exe", row, StringComparison.Ordinal);
        Assert.Contains(@"\e]0;x\x07\n\u202e", row, StringComparison.Ordinal); // the name
    }

    [LiveFact]
    public void So_many_and_no_more()
    {
        using Cause cause = new("many", "2", "200", "x");
        using EbeeProcess ebee = new("execsnoop", "--json", "--pid", $"{cause.Id}", "--children", "--count", "10");
        cause.Go();
        Assert.Equal(10, ebee.ReadToEnd().Length);
        (long seen, long lost, long discarded) = ebee.Account;
        Assert.Equal((10, 0), (seen, lost));
        Assert.InRange(discarded, 0, 190); // what was caught between the tenth and the detaching
    }

    [LiveTheory]
    [InlineData("1")]
    [InlineData("1s")]
    [InlineData("00:00:01")]
    [InlineData("1000ms")]
    public void So_long_and_no_longer(string duration)
    {
        using Cause cause = new("many", "1", "20", "x");
        Stopwatch watch = Stopwatch.StartNew();
        using EbeeProcess ebee = new("execsnoop", "--json", "--pid", $"{cause.Id}", "--children", "--duration", duration);
        cause.Go();
        Assert.Equal(20, ebee.ReadToEnd().Length);
        Assert.InRange(watch.ElapsedMilliseconds, 1000, Guest.Limit(5000));
        Assert.Equal((20, 0, 0), ebee.Account);
    }

    [LiveFact]
    public void Every_filter_has_an_option()
    {
        const string Container = "bb11223344556677889900aabbccddeeff00112233445566778899aabbccddee";
        using Cgroup cgroup = Cgroup.New(File.ReadLines("/proc/self/mounts").Any(l => l.Split(' ')[2] == "cgroup2") ? "" : "memory", Container);
        string other = Path.Combine(TestFolder.New(), "another");
        File.Copy(CauseProgram.Path, other);
        List<string> Seen(Func<Cause, string[]> options)
        {
            // A signal discards what is not read yet, and the account tells: then once more, with more patience.
            for (int patience = 100; ; patience *= 4)
            {
                using Cause cause = new("child", "child", "try", "/no/such/file", "fork", "fork", "uid", "65534", "exec", other, "x", "-", "other");
                cgroup.Add(cause.Id);
                using EbeeProcess ebee = new(["execsnoop", "--json", .. options(cause)]);
                cause.Go();
                Thread.Sleep(patience);
                ebee.Signal("TERM");
                string[] lines = ebee.ReadToEnd();
                if (ebee.Account.Discarded == 0 || patience > 10_000)
                {
                    return [.. lines.Select(Json).Select(e => e.GetProperty("Argument").EnumerateArray().Last().GetString()!)
                        .Where(a => a is "child" or "other" or "/no/such/file")];
                }
            }
        }
        Assert.Equal([], Seen(c => ["--pid", $"{c.Id}"]));
        Assert.Equal(["child", "other"], Seen(c => ["--pid", $"{c.Id}", "--children"]));
        Assert.Equal(["/no/such/file"], Seen(c => ["--pid", $"{c.Id}", "--include-failed"]));
        Assert.Equal(["child"], Seen(c => ["--pid", $"{c.Id}", "--children", "--comm", "cause"]));
        Assert.Equal(["child", "other"], Seen(c => ["--pid", $"{c.Id}", "--children", "--comm", "cause", "another"]));
        Assert.Equal(["child", "other"], Seen(c => ["--pid", $"{c.Id}", "--children", "--comm", "cause", "--comm", "another"]));
        Assert.Equal(["other"], Seen(c => ["--pid", $"{c.Id}", "--children", "--user", "nobody"]));
        Assert.Equal(["child", "other"], Seen(_ => ["--cgroup", cgroup.CgroupPath]));
        Assert.Equal(["child"], Seen(_ => ["--container", "bb11", "--user", "0"]));
        Assert.Equal([], Seen(c => ["--exclude-pid", $"{c.Id}", "--comm", "cause", "another"]));
    }

    [LiveFact]
    public void Loss_is_told_with_what_to_do_and_the_account_is_exact()
    {
        using Cause cause = new("many", "4", "10000", "x");
        using EbeeProcess ebee = new("execsnoop", "--json", "--pid", $"{cause.Id}", "--children", "--buffer-size", "4K");
        ebee.Signal("STOP");
        cause.Go();
        ebee.Signal("CONT");
        Thread.Sleep(50);
        ebee.Signal("INT");
        string[] lines = ebee.ReadToEnd();
        (long seen, long lost, long discarded) = ebee.Account;
        Assert.Equal(10_000, seen + lost + discarded);
        Assert.Equal(lines.Length, seen);
        Assert.InRange(lost, 9000, 10_000);
        Assert.Contains($"{lost} events were lost", ebee.Errors, StringComparison.Ordinal);
        Assert.Contains("--buffer-size", ebee.Errors, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public void A_signal_ends_it_at_once_and_well(string signal)
    {
        SortedSet<string> before = BpfInventory.All();
        long best = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            using EbeeProcess ebee = new("execsnoop", "--comm", "no-such-name");
            Stopwatch watch = Stopwatch.StartNew();
            ebee.Signal(signal); // starts a process, which is in the time
            Assert.Equal(0, ebee.WaitForExit());
            best = Math.Min(best, watch.ElapsedMilliseconds);
            Assert.Equal((0, 0, 0), ebee.Account);
        }
        Assert.InRange(best, 0, Guest.Limit(200));
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveTheory]
    [InlineData("execsnoop")]
    [InlineData("rmdetect")]
    public void Killed_outright_it_leaves_nothing(string tool)
    {
        SortedSet<string> before = BpfInventory.All();
        using EbeeProcess ebee = new(tool, "--comm", "no-such-name");
        ebee.Signal("KILL");
        Assert.Equal(137, ebee.WaitForExit());
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveTheory]
    [InlineData("--json")]
    [InlineData("--duration=10m")] // a table
    public void A_pipes_reader_that_goes_ends_it(string option)
    {
        SortedSet<string> before = BpfInventory.All();
        using Cause cause = new("many", "1", "3", "x");
        using EbeeProcess ebee = new(Repository.Command, ["execsnoop", "--pid", $"{cause.Id}", "--children", option], readOutput: false);
        cause.Go();
        Assert.NotNull(ebee.Output.ReadLine());
        ebee.Output.Close(); // no event comes any more that would find the pipe closed
        Assert.Equal(0, ebee.WaitForExit());
        Assert.DoesNotContain("exception", ebee.Errors, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(BpfInventory.LeftBehind(before, 2000));
    }

    [LiveFact]
    public void Before_head()
    {
        using Cause cause = new("many", "1", "500", "x");
        using Process shell = CommandRun.Start("bash",
            ["-c", $"'{Repository.Command}' execsnoop --json --verbose --pid {cause.Id} --children | head -n 1; echo ${{PIPESTATUS[0]}}"]);
        string line;
        while (!(line = shell.StandardError.ReadLine()!).StartsWith("ebee: attached", StringComparison.Ordinal))
        {
        }
        cause.Go();
        CommandRun run = CommandRun.End(shell);
        string[] lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("x-", Json(lines[0]).GetProperty("Argument")[2].GetString(), StringComparison.Ordinal);
        Assert.Equal("0", lines[1]);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [LiveFact]
    public void An_output_that_cannot_be_written_is_an_error()
    {
        CommandRun run = CommandRun.Run("sh", ["-c", $"exec '{Repository.Command}' execsnoop --count 1 >/dev/full"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("cannot be written", run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("EbpfUserNotFound", "no-such-user", "--user", "no-such-user")]
    [InlineData("EbpfProcessNotFound", "2147483647", "--pid", "2147483647")]
    [InlineData("EbpfProcessNotFound", "2147483647", "--exclude-pid", "2147483647")]
    [InlineData("EbpfCgroupNotFound", "/no/such", "--cgroup", "/no/such")]
    [InlineData("EbpfContainerNotFound", "ffffffffffff", "--container", "ffffffffffff")]
    [InlineData("EbpfInvalidArgument", "soon", "--duration", "soon")]
    [InlineData("EbpfInvalidArgument", "many", "--buffer-size", "many")]
    [InlineData("EbpfInvalidArgument", "100", "--buffer-size", "100")]
    public void What_is_wrong_is_one_clear_error(string id, string named, params string[] arguments)
    {
        foreach (string tool in new[] { "execsnoop", "rmdetect" })
        {
            AssertError(CommandRun.Run(Repository.Command, [tool, .. arguments]), id, named);
        }
    }

    [LiveTheory]
    [InlineData("--nope")]
    [InlineData("--pid", "abc")]
    [InlineData("--count", "x")]
    [InlineData("--count", "-1")]
    [InlineData("--count", "0")]
    [InlineData("stray")]
    public void What_it_does_not_know_is_said(params string[] arguments)
    {
        CommandRun run = CommandRun.Run(Repository.Command, ["execsnoop", .. arguments, "--duration", "0"]);
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains(arguments[^1], run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", run.Errors, StringComparison.Ordinal); // .NET's names of types say nothing to a user
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData("'nope' is no command of ebee.\nebee: Type ebee --help.", "nope")]
    [InlineData("'--all' is no command of ebee.\nebee: Type ebee --help.", "--all")]
    [InlineData(@"'\e[31mred' is no option of ebee execsnoop.\nebee: Type ebee execsnoop --help.", "execsnoop", "\e[31mred")]
    [InlineData("Required argument missing for option: '--duration'.\nebee: Type ebee rmdetect --help.", "rmdetect", "--duration")]
    public void A_command_that_there_is_not_is_one_clear_error(string message, params string[] arguments)
    {
        CommandRun run = CommandRun.Run(Repository.Command, arguments);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal("ebee: " + message.Replace(@"\n", "\n", StringComparison.Ordinal), run.Errors.TrimEnd());
    }

    [LiveFact]
    public void An_error_is_harmless_on_a_terminal()
    {
        CommandRun run = CommandRun.Run(Repository.Command, ["execsnoop", "--user", "\e[31mred\u202e"]);
        AssertError(run, "EbpfUserNotFound", @"\e[31mred\u202e");
        Assert.DoesNotContain('\e', run.Errors);
    }

    [LiveFact]
    public void Help()
    {
        CommandRun run = CommandRun.Run(Repository.Command, ["--help"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        Assert.Contains("ebee [command]", run.Output, StringComparison.Ordinal);
        foreach (Tracer tracer in Tracer.All)
        {
            Assert.Contains($"{tracer.Tool} ", run.Output, StringComparison.Ordinal);
            CommandRun help = CommandRun.Run(Repository.Command, [tracer.Tool, "--help"]);
            Assert.Equal(0, help.ExitCode);
            foreach (string option in new[] { "--pid", "--exclude-pid", "--children", "--comm", "--user", "--cgroup", "--container", "--include-failed",
                "--count", "--duration", "--buffer-size", "--json" })
            {
                Assert.Matches($@"(?m)^\s+(-\w, )?{option}\b.*\s\s+\S", help.Output); // each with a description
            }
        }
        Assert.Matches(@"^\d+\.\d+\.\d+\S*\n$", CommandRun.Run(Repository.Command, ["--version"]).Output);
        CommandRun alone = CommandRun.Run(Repository.Command, []);
        Assert.Equal((1, run.Output), (alone.ExitCode, alone.Output));
    }

    [LiveFact]
    public void A_user_without_the_capabilities_is_told_which_and_what_to_type()
    {
        string folder = Copy();
        CommandRun reachable = CommandRun.Run("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", folder + "/ebee", "--version"]);
        SkipException.If(reachable.ExitCode != 0, $"needs a .NET that every user can read ({reachable.Errors.Trim()})");
        foreach (string tool in new[] { "execsnoop", "rmdetect" })
        {
            CommandRun run = CommandRun.Run("setpriv", ["--reuid", "65534", "--regid", "65534", "--clear-groups", folder + "/ebee", tool]);
            AssertError(run, "EbpfPermissionDenied", "CAP_BPF");
            Assert.Contains("CAP_PERFMON", run.Errors, StringComparison.Ordinal);
            Assert.Contains("sudo", run.Errors, StringComparison.Ordinal);
        }
    }

    [LiveFact]
    public void Roots_without_the_capabilities_are_told_too()
    {
        CommandRun run = CommandRun.Run("setpriv", ["--bounding-set", "-sys_admin,-bpf,-perfmon", Repository.Command, "execsnoop"]);
        AssertError(run, "EbpfPermissionDenied", "CAP_BPF and CAP_PERFMON");
    }

    [LiveFact]
    public void Two_capabilities_are_enough()
    {
        string folder = Copy();
        string[] asNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "+bpf,+perfmon", "--ambient-caps", "+bpf,+perfmon"];
        CommandRun reachable = CommandRun.Run("setpriv", [.. asNobody, folder + "/ebee", "--version"]);
        SkipException.If(reachable.ExitCode != 0, $"needs a .NET that every user can read ({reachable.Errors.Trim()})");
        foreach (string tool in new[] { "execsnoop", "rmdetect" })
        {
            CommandRun run = CommandRun.Run("setpriv", [.. asNobody, folder + "/ebee", tool, "--duration", "0", "--verbose"]);
            Assert.True(run.ExitCode == 0, run.Errors);
        }
    }

    [LiveFact]
    public void A_kernel_without_BTF() => PrivateMounts.Run(() =>
    {
        Sys.Mount("none", "/sys/kernel/btf", "tmpfs");
        AssertError(CommandRun.Run(Repository.Command, ["execsnoop"]), "EbpfNoBtf", "/sys/kernel/btf/vmlinux");
    });

    [LiveFact]
    public void Without_libbpf_every_path_tried_is_named() => PrivateMounts.Run(() =>
    {
        // Every copy on the machine is hidden behind an empty file; the command's own is left out of its copy.
        string folder = Copy();
        string empty = Path.Combine(TestFolder.New(), "empty");
        File.WriteAllText(empty, "");
        foreach (string library in CommandRun.Run("sh", ["-c", "ldconfig -p | sed -n 's/.*libbpf\\.so\\.1 .*=> //p' | xargs -r readlink -f | sort -u"]).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Sys.Mount(empty, library, "", Sys.MsBind);
        }
        CommandRun run = CommandRun.Run(folder + "/ebee", ["execsnoop"]);
        AssertError(run, "EbpfLibBpfNotFound", $"{folder}/runtimes/linux-");
        Assert.Contains("libbpf.so.1", run.Errors, StringComparison.Ordinal);
        Assert.Contains("apt-get install", run.Errors, StringComparison.Ordinal);
        Assert.Equal(0, CommandRun.Run(folder + "/ebee", ["--help"]).ExitCode); // what does not need it works
    });

    [LiveFact]
    public void In_a_pid_namespace_ids_are_the_namespaces()
    {
        using Cause outside = new("mark", "outside");
        using EbeeProcess ebee = new("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", Repository.Command, "execsnoop", "--json", "--comm", "cause"]);
        int inner = Ebee.Host.Processes.ChildrenOf(new HashSet<int> { ebee.Id }).Single();
        outside.Go();
        CommandRun inside = CommandRun.Run("nsenter", ["-t", $"{inner}", "-p", "-m", "sh", "-c", $"sh -c 'echo $$; echo $PPID; exec {CauseProgram.Path} - inside'; true"]);
        string[] ids = inside.Output.Split('\n');
        JsonElement first = Json(ebee.ReadLine()), second = Json(ebee.ReadLine());

        Assert.Equal("outside", first.GetProperty("Argument")[2].GetString());
        Assert.Equal((0, 0, 0, outside.Id), Ids(first));
        (int process, int thread, int parent, int host) = Ids(second);
        Assert.Equal("inside", second.GetProperty("Argument")[2].GetString());
        Assert.Equal((ids[0], ids[0], ids[1]), ($"{process}", $"{thread}", $"{parent}"));
        Assert.NotEqual(process, host);
        Assert.InRange(host, 1, int.MaxValue);

        static (int, int, int, int) Ids(JsonElement e) => (e.GetProperty("ProcessId").GetInt32(), e.GetProperty("ThreadId").GetInt32(),
            e.GetProperty("ParentProcessId").GetInt32(), e.GetProperty("HostProcessId").GetInt32());
    }

    [LiveFact]
    public void In_a_pid_namespace_filters_take_its_ids()
    {
        // The shell inside starts the command for a process inside, by the id that this one has there.
        string fifo = Path.Combine(TestFolder.New(), "fifo");
        Sys.Check(Sys.mkfifo(Sys.Bytes(fifo), 0x180), "mkfifo");
        using EbeeProcess ebee = new("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c",
            $"{CauseProgram.Path} await child mine fork child too <{fifo} >/dev/null & exec '{Repository.Command}' execsnoop --json --pid $! --children --count 3 \"$@\"", "sh"]);
        File.WriteAllText(fifo, "\n");
        // The program itself starts when its input opens, and then its children.
        Assert.Equal(["child", "mine", "too"], ebee.ReadToEnd().Select(l => Json(l).GetProperty("Argument")[2].GetString()));
    }

    private static void AssertError(CommandRun run, string id, string named)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("", run.Output);
        string[] lines = run.Errors.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length); // what is wrong, and what to do
        Assert.All(lines, line => Assert.StartsWith("ebee: ", line, StringComparison.Ordinal));
        Assert.EndsWith($"({id})", lines[0], StringComparison.Ordinal);
        Assert.Contains(named, lines[0], StringComparison.Ordinal);
        Assert.InRange(lines[1].Length, 20, 500);
    }

    // The command in a folder that every user can reach, without the libraries that may be with it.
    private static string Copy()
    {
        string folder = TestFolder.New("command");
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(Repository.Command)!))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
        return folder;
    }

    private static IEnumerable<string> PropertyNames<T>() => typeof(T).GetProperties().Select(p => p.Name);

    private static JsonElement Json(string line) => JsonDocument.Parse(line).RootElement;
}
