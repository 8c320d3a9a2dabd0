using System.Diagnostics;
using System.Text.Json;

namespace Ebee.Tests.Live;

/// <summary>Users that /etc/passwd does not have, and a name service that answers, or does not.</summary>
[Trait("Category", "Live")]
public sealed class NameServiceTests
{
    [LiveFact]
    public void What_the_name_service_does_not_say_holds_nothing_up() => WithNameService(libraries =>
    {
        const int Calls = 21;
        Stopwatch watch = new();
        using EbeeProcess ebee = Start(libraries, "execsnoop", "--json", "--buffer-size", "64K", "--duration", "5s", "--user", "1", "4001", "4100", "4101", "4102");
        watch.Start();
        Execute(4001);
        Execute(4100);
        for (int i = 0; i < Calls; i++)
        {
            Execute(i % 3 == 0 ? 1 : i % 3 == 1 ? 4101 : 4102);
        }
        Execute(4001);
        JsonElement[] events = [.. ebee.ReadToEnd().Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.InRange(watch.Elapsed.TotalSeconds, 4.5, Guest.Limit(9)); // one that hangs takes a minute
        Assert.Equal((Calls + 3, 0, 0), ebee.Account);
        Assert.All(events, e => Assert.Equal(
            e.GetProperty("UserId").GetInt32() switch { 1 => "daemon", 4001 => "ebee-remote", _ => null },
            e.GetProperty("UserName").GetString()));
        Assert.Equal([4001, 4100], events.Take(2).Select(e => e.GetProperty("UserId").GetInt32()));
    });

    [LiveFact]
    public void A_user_of_the_name_service_is_found_and_one_that_it_does_not_tell_of_is_an_error() => WithNameService(libraries =>
    {
        CommandRun Filter(string user) => CommandRun.Run("env", [$"LD_LIBRARY_PATH={libraries}", Repository.Command, "execsnoop", "--duration", "0", "--user", user]);
        Assert.Equal(0, Filter("ebee-remote").ExitCode);
        Stopwatch watch = Stopwatch.StartNew();
        CommandRun run = Filter("ebee-hangs");
        Assert.InRange(watch.Elapsed.TotalSeconds, 5, Guest.Limit(8));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("did not answer within 5 seconds. (EbpfUserNotFound)", run.Errors, StringComparison.Ordinal);
        Assert.Contains("numeric user id", run.Errors, StringComparison.Ordinal);

        watch.Restart();
        using Process waits = CommandRun.Start("env", [$"LD_LIBRARY_PATH={libraries}", Repository.Command, "execsnoop", "--user", "ebee-hangs"]);
        Thread.Sleep((int)Guest.Limit(1500)); // it asks by now
        watch.Restart();
        Assert.Equal(0, Sys.kill(waits.Id, 2));
        Assert.Equal(0, CommandRun.End(waits).ExitCode);
        Assert.InRange(watch.ElapsedMilliseconds, 0, Guest.Limit(500)); // with the end of the process
    });

    // Each is one execution that the filter takes: setpriv's own is still root's.
    private static void Execute(int user) =>
        Assert.Equal(0, CommandRun.Run("setpriv", [$"--reuid={user}", "--clear-groups", "/bin/true"]).ExitCode);

    private static EbeeProcess Start(string libraries, params string[] arguments) =>
        new("env", [$"LD_LIBRARY_PATH={libraries}", Repository.Command, .. arguments]);

    private static void WithNameService(Action<string> body) => PrivateMounts.Run(() =>
    {
        const string Switch = "/etc/nsswitch.conf";
        SkipException.If(!File.Exists(Switch), "needs /etc/nsswitch.conf");
        string folder = TestFolder.New("nss"), source = Path.Combine(AppContext.BaseDirectory, "causes", "nss.c");
        CommandRun compiled = CommandRun.Run("cc", ["-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", $"{folder}/libnss_ebeetest.so.2", source]);
        Assert.True(compiled.ExitCode == 0, compiled.Errors);
        string configuration = Path.Combine(folder, "nsswitch.conf");
        File.WriteAllText(configuration, "passwd: files ebeetest\n");
        Sys.Mount(configuration, Switch, "", Sys.MsBind);
        CommandRun known = CommandRun.Run("env", [$"LD_LIBRARY_PATH={folder}", "getent", "passwd", "4001"]);
        SkipException.If(!known.Output.StartsWith("ebee-remote:", StringComparison.Ordinal), "needs a C library whose name service takes other sources");
        body(folder);
    });
}
