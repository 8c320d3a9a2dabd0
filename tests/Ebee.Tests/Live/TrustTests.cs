using System.Runtime.InteropServices;
using Ebee.Host;

namespace Ebee.Tests.Live;

/// <summary>What runs as root comes from places where only root can write, and never from the current folder.</summary>
[Trait("Category", "Live")]
public sealed class TrustTests
{
    private static readonly string Native = $"runtimes/linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}/native";

    [LiveFact]
    public void A_library_that_others_can_write_is_not_loaded_and_is_named()
    {
        string folder = CommandCopy.New(), library = $"{folder}/{Native}/libelf.so.1";
        Assert.Equal(0, Trace(folder).ExitCode);
        foreach ((string change, string back, string text) in new[]
        {
            ($"chmod o+w {library}", $"chmod o-w {library}", $"every user can write to {library}"),
            ($"chown 65534 {library}", $"chown 0 {library}", $"{library} belongs to the user nobody"),
            ($"chgrp 65534 {library}; chmod g+w {library}", $"chmod g-w {library}", $"the group 65534 can write to {library}"),
            ($"chmod o+w {folder}/{Native}", $"chmod o-w {folder}/{Native}", $"every user can write to {folder}/{Native}"),
            ($"chown 65534 {folder}/runtimes", $"chown 0 {folder}/runtimes", $"{folder}/runtimes belongs to the user nobody"),
        })
        {
            Assert.Equal(0, CommandRun.Run("sh", ["-c", change]).ExitCode);
            CommandRun run = Trace(folder);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains($"is not loaded: {text}. (EbpfFileUntrusted)", run.Errors, StringComparison.Ordinal);
            Assert.Equal(0, CommandRun.Run("sh", ["-c", back]).ExitCode);
        }
        Assert.Equal(0, Trace(folder).ExitCode);
    }

    [LiveFact]
    public void A_library_of_the_search_path_that_others_can_write_is_not_loaded()
    {
        string folder = CommandCopy.New(), libraries = TestFolder.New("libraries");
        FileTrustTests.Shell($"mv {folder}/{Native}/*.so.1 {libraries}");
        CommandRun TraceThere() => CommandRun.Run("env", [$"LD_LIBRARY_PATH={libraries}", $"{folder}/ebee", "execsnoop", "--comm", "no-such", "--duration", "0"]);
        Assert.DoesNotContain("EbpfFileUntrusted", TraceThere().Errors, StringComparison.Ordinal);
        FileTrustTests.Shell($"chown 65534 {libraries}/libelf.so.1");
        Assert.Contains($"{libraries}/libelf.so.1 belongs to the user nobody. (EbpfFileUntrusted)", TraceThere().Errors, StringComparison.Ordinal);
    }

    [LiveFact]
    public void A_command_that_others_can_write_warns()
    {
        string folder = CommandCopy.New();
        Assert.Equal("", Trace(folder).Errors);
        File.SetUnixFileMode($"{folder}/ebee", (UnixFileMode)0b111_101_111);
        CommandRun run = Trace(folder);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains($"every user can write to {folder}/ebee", run.Errors, StringComparison.Ordinal);
        // And what lies beside it and runs, too.
        File.SetUnixFileMode($"{folder}/ebee", (UnixFileMode)0b111_101_101);
        Assert.Equal("", Trace(folder).Errors);
        foreach (string file in Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.SetUnixFileMode(file, (UnixFileMode)0b110_100_110);
            Assert.Contains($"every user can write to {file}", Trace(folder).Errors, StringComparison.Ordinal);
            File.SetUnixFileMode(file, (UnixFileMode)0b110_100_100);
        }
    }

    [LiveFact]
    public void A_sticky_folder_is_trusted_and_a_link_is_followed()
    {
        string folder = TestFolder.New(), file = $"{folder}/file", sticky = $"{folder}/sticky";
        Directory.CreateDirectory(sticky);
        File.SetUnixFileMode(sticky, (UnixFileMode)0b001_111_111_111);
        File.WriteAllText(file, "");
        File.WriteAllText($"{sticky}/file", "");
        File.CreateSymbolicLink($"{folder}/link", file);
        Assert.Null(FileTrust.Doubt($"{sticky}/file"));
        Assert.Null(FileTrust.Doubt($"{folder}/link"));
        File.SetUnixFileMode(file, (UnixFileMode)0b110_100_110);
        Assert.Equal($"every user can write to {file}", FileTrust.Doubt($"{folder}/link"));
        Assert.Equal($"every user can write to {file}", FileTrust.Doubt(file));
    }

    [LiveFact]
    public void Nothing_comes_from_the_current_folder()
    {
        string folder = TestFolder.New("current"), trace = $"{folder}/trace";
        foreach (string name in new[] { "libbpf.so.1", "libelf.so.1", "libz.so.1", "libbpf-check", "Ebee.dll", "exec.bpf.o", "exec.btf", "vmlinux" })
        {
            File.WriteAllText($"{folder}/{name}", "harmful");
            File.SetUnixFileMode($"{folder}/{name}", (UnixFileMode)0b111_101_101);
        }
        // The command finds its own parts wherever it is started; the witness is strace.
        SkipException.If(!CommandRun.Exists("strace"), "needs strace");
        CommandRun run = CommandRun.Run("sh", ["-c", $"cd '{folder}'; exec env -u LD_LIBRARY_PATH strace -f -e trace=open,openat,execve -o '{trace}' '{Repository.Command}' execsnoop --duration 0"]);
        Assert.True(run.ExitCode == 0, run.Errors);
        string[] lines = File.ReadAllLines(trace);
        Assert.Contains(lines, line => line.Contains("libbpf.so.1", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains($"\"{folder}/", StringComparison.Ordinal)
            || System.Text.RegularExpressions.Regex.IsMatch(line, "open(at)?\\((AT_FDCWD, )?\"[^/\"][^\"]*\""));
    }

    [LiveFact]
    public void A_library_that_cannot_be_loaded_is_named_with_the_reason() => PrivateMounts.Run(() =>
    {
        string folder = CommandCopy.New();
        string empty = Path.Combine(TestFolder.New(), "empty");
        File.WriteAllText(empty, "");
        foreach (string library in CommandRun.Run("sh", ["-c", "ldconfig -p | sed -n 's/.*libbpf\\.so\\.1 .*=> //p' | xargs -r readlink -f | sort -u"]).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Sys.Mount(empty, library, "", Sys.MsBind);
        }
        File.WriteAllText($"{folder}/{Native}/libelf.so.1", "no library");
        CommandRun run = Trace(folder);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("(EbpfLibBpfNotFound)", run.Errors, StringComparison.Ordinal);
        Assert.Matches($@"{folder}/{Native}/libelf\.so\.1 \(.*(invalid ELF header|file too short).*\)", run.Errors);
    });

    private static CommandRun Trace(string folder) => CommandRun.Run($"{folder}/ebee", ["execsnoop", "--comm", "no-such", "--duration", "0"]);
}
