using System.Diagnostics;
using System.Globalization;

namespace Ebee.Tests.Live;

/// <summary>kill -9 at random moments, 200 times in all: nothing stays attached, pinned or allocated in the kernel.</summary>
[Trait("Category", "Live")]
public sealed class KillTests
{
    private static readonly int Commands = Guest.Times(160), Sessions = Guest.Times(40);

    [LiveFact]
    public void The_command() => KillAll(Commands, 200, (random, mark) => (Repository.Command,
        [random.Next(2) == 0 ? "execsnoop" : "rmdetect", "--json", .. random.Next(2) == 0 ? ["--comm", mark] : Array.Empty<string>()]));

    [LiveFact]
    public void A_session_that_streams() => KillAll(Sessions / 2, 2000, (_, _) =>
        Session("Get-ExecEvent | Out-Null"));

    [LiveFact]
    public void A_session_with_a_probe() => KillAll(Sessions / 2, 2000, (_, _) =>
        Session($"Start-EbpfProbe '{BpfCause.Object("attach")}' -ProgramName raw_tracepoint_named, btf_tracepoint_named; Start-Sleep 60"));

    [LiveFact]
    public void A_command_that_has_attached()
    {
        SortedSet<string> before = BpfInventory.All();
        for (int i = 0; i < 5; i++)
        {
            using EbeeProcess ebee = new(i % 2 == 0 ? "execsnoop" : "rmdetect");
            ebee.Signal("KILL");
            Assert.Equal(137, ebee.WaitForExit());
        }
        Assert.Empty(BpfInventory.LeftBehind(before, 5000));
    }

    private static (string, string[]) Session(string script)
    {
        SkipException.If(!CommandRun.Exists("pwsh"), "needs pwsh");
        return ("pwsh", ["-NoProfile", "-NonInteractive", "-Command", $"Import-Module '{Repository.Root}/out/Ebee/Ebee.psd1'; {script}"]);
    }

    // The moments are spread over the time from the start to well after the attaching; the seed is in the failure's text.
    private static void KillAll(int count, int withinMs, Func<Random, string, (string Program, string[] Arguments)> start)
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        SortedSet<string> before = BpfInventory.All();
        HashSet<string> witnessBefore = Bpftool.Ids();
        int attached = 0;
        for (int i = 0; i < count; i++)
        {
            (string program, string[] arguments) = start(random, Tracing.NewMark());
            using Process process = CommandRun.Start(program, arguments);
            Task output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            Thread.Sleep(random.Next(withinMs));
            attached += Holds(process.Id) ? 1 : 0;
            process.Kill();
            process.WaitForExit();
            output.Wait();
        }
        string[] left = BpfInventory.LeftBehind(before, 10_000);
        Assert.True(left.Length == 0, $"seed {seed}: {string.Join(", ", left)}");
        Assert.Empty(WitnessedLeft(witnessBefore));
        // A test that kills only what has not begun proves nothing.
        Assert.InRange(attached, count / 20, count);
    }

    // Others on the machine load and unload theirs meanwhile.
    private static string[] WitnessedLeft(HashSet<string> before)
    {
        for (int attempt = 0; ; attempt++)
        {
            HashSet<string> after = Bpftool.Ids(), others = BpfInventory.HeldByOthers(), now = Bpftool.Ids();
            string[] left = [.. after.Where(id => !before.Contains(id) && !others.Contains(id) && now.Contains(id))];
            if (left.Length == 0 || attempt == 20)
            {
                return left;
            }
            Thread.Sleep(100);
        }
    }

    private static bool Holds(int process)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/fd"))
                .Any(fd => new FileInfo(fd).LinkTarget?.Contains("bpf_link", StringComparison.Ordinal) == true
                    || new FileInfo(fd).LinkTarget?.Contains("bpf-prog", StringComparison.Ordinal) == true);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
