using System.Text.Json;

namespace Ebee.Tests.Live;

/// <summary>The command where the machine is not as it should be: it works all the same, or says what is wrong.</summary>
[Trait("Category", "Live")]
public sealed class EnvironmentTests
{
    [LiveFact]
    public void Without_a_user_database_names_are_null_and_ids_stay() => PrivateMounts.Run(() =>
    {
        string empty = Path.Combine(TestFolder.New(), "empty");
        File.WriteAllText(empty, "");
        Sys.Mount(empty, "/etc/passwd", "", Sys.MsBind);
        JsonElement e = OneEvent("uid", "4243"); // who is in no other database either
        Assert.Equal((4243, JsonValueKind.Null), (e.GetProperty("UserId").GetInt32(), e.GetProperty("UserName").ValueKind));
        CommandRun run = CommandRun.Run(Repository.Command, ["execsnoop", "--duration", "0", "--user", "daemon"]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("There is no user 'daemon' on this machine. (EbpfUserNotFound)", run.Errors, StringComparison.Ordinal);
        Assert.Equal(0, CommandRun.Run(Repository.Command, ["execsnoop", "--duration", "0", "--user", "1"]).ExitCode);
    });

    [LiveFact]
    public void On_a_read_only_root() => PrivateMounts.Run(() =>
    {
        foreach (string mount in new[] { "/", "/tmp", "/var/tmp" })
        {
            Sys.Mount(mount, mount, "", Sys.MsBind);
            Sys.Mount("none", mount, "", Sys.MsBind | Sys.MsRemount | Sys.MsReadOnly);
        }
        Assert.NotEqual(0, CommandRun.Run("touch", ["/var/tmp/ebee-test"]).ExitCode);
        OneEvent();
    });

    [LiveFact]
    [Trait("Kernels", "Short")]
    public void Without_proc_sys() => PrivateMounts.Run(() =>
    {
        Sys.Mount("none", "/proc/sys", "tmpfs");
        OneEvent();
    });

    [LiveTheory]
    [InlineData(null)]
    [InlineData("/no/such/folder")]
    public void Without_a_folder_for_temporary_files(string? folder) => OneEvent([folder is null ? "--unset=TMPDIR" : $"TMPDIR={folder}"]);

    [LiveTheory]
    [InlineData("C")]
    [InlineData("de_DE.UTF-8")]
    [InlineData("tr_TR.UTF-8")]
    public void In_any_locale(string locale)
    {
        JsonElement e = OneEvent([$"LC_ALL={locale}", $"LANG={locale}"]);
        Assert.InRange(e.GetProperty("Time").GetDateTimeOffset(), DateTimeOffset.Now.AddMinutes(-1), DateTimeOffset.Now.AddSeconds(1));
        string[] environment = [$"LC_ALL={locale}", Repository.Command, "execsnoop"];
        CommandRun run = CommandRun.Run("env", [.. environment, "--comm", "no-such", "--duration", "0.1s", "--buffer-size", "64k", "--verbose"]);
        Assert.Equal((0, ""), (run.ExitCode, run.Output.Split('\n', 2)[1]));
        Assert.Contains("seen 0, lost 0, discarded 0", run.Errors, StringComparison.Ordinal);
        Assert.Equal(0, CommandRun.Run("env", [.. environment, "--buffer-size", "4K", "--comm", "no-such", "--duration", "100ms"]).ExitCode);
        Assert.Contains("(EbpfInvalidArgument)", CommandRun.Run("env", [.. environment, "--duration", "1,5"]).Errors, StringComparison.Ordinal);
    }

    [LiveTheory]
    [InlineData(30)]
    [InlineData(64)]
    [InlineData(127)]
    public void With_too_few_descriptors(int limit)
    {
        CommandRun run = CommandRun.Run("sh", ["-c", $"ulimit -n {limit}; exec '{Repository.Command}' execsnoop --duration 0"]);
        Assert.Equal((1, ""), (run.ExitCode, run.Output));
        Assert.Equal(2, run.Errors.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("ulimit -n 1024", run.Errors, StringComparison.Ordinal);
    }

    [LiveFact]
    public void With_just_enough_descriptors() =>
        Assert.Equal(0, CommandRun.Run("sh", ["-c", $"ulimit -n 128; exec '{Repository.Command}' rmdetect --include-failed --duration 0.2"]).ExitCode);

    [LiveFact]
    public void A_process_that_is_gone_is_whole_in_its_event()
    {
        using Cause cause = new("fork", "mark", "gone");
        using EbeeProcess ebee = new("execsnoop", "--json", "--pid", $"{cause.Id}", "--children", "--duration", "2");
        ebee.Signal("STOP");
        cause.Go(); // it and its child have ended when they are read
        ebee.Signal("CONT");
        JsonElement e = JsonDocument.Parse(ebee.ReadLine()).RootElement;
        Assert.False(Directory.Exists($"/proc/{e.GetProperty("ProcessId").GetInt32()}"));
        Assert.Equal(("cause", CauseProgram.Path, "gone", false), (e.GetProperty("Name").GetString(), e.GetProperty("Executable").GetString(),
            e.GetProperty("Argument")[2].GetString(), e.GetProperty("Truncated").GetBoolean()));
        Assert.Equal(Environment.CurrentDirectory, e.GetProperty("WorkingDirectory").GetString());
    }

    // The command in this environment sees an execution as it should.
    private static JsonElement OneEvent(params string[] steps)
    {
        bool isEnvironment = steps.Length > 0 && (steps[0].Contains('=', StringComparison.Ordinal) || steps[0].StartsWith('-'));
        string mark = Tracing.NewMark();
        using Cause cause = new([.. isEnvironment ? [] : steps, "mark", mark]);
        using EbeeProcess ebee = new("env", [.. isEnvironment ? steps : [], Repository.Command, "execsnoop", "--json", "--pid", $"{cause.Id}", "--count", "1"]);
        cause.Go();
        JsonElement e = JsonDocument.Parse(ebee.ReadLine()).RootElement;
        Assert.Equal(mark, e.GetProperty("Argument")[2].GetString());
        Assert.Equal(0, ebee.WaitForExit());
        Assert.Equal((1, 0, 0), ebee.Account);
        return e;
    }
}
