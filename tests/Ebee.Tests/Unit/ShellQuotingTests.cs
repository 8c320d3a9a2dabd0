using System.Diagnostics;
using System.Text;
using Ebee.Events;

namespace Ebee.Tests.Unit;

/// <summary>A quoted command line, read by a real shell, gives the same arguments.</summary>
public sealed class ShellQuotingTests
{
    private static readonly string[] Awkward =
    [
        "", " ", "'", "''", "\"", "\\", "\\\\", "$HOME", "$(id)", "`id`", "*", "?", "[a]", "~", "~root", "{a,b}", "a b", "a\tb", "a\nb", "\n",
        "\r", "-n", "--", "-", "#", "#a", "a#", "!", "!!", "!1", "a;b", ";", "&", "&&", "|", "<", ">", "(", ")", "a=b", "=", "if", "then", "while", "in",
        "[[", "]]", "{", "}", "time", "function", "coproc", "select", "%s", "\\n", "\\0", "\e[31m", "\u202e", "é", "日本", "🦊", "\ufffd", "a'b'c", "'\\''", "^", "\u0001", "\u007f",
    ];

    public static TheoryData<string> Shells()
    {
        TheoryData<string> shells = new("/bin/sh");
        foreach (string shell in new[] { "/bin/bash", "/bin/dash", "/usr/bin/zsh", "/bin/busybox" })
        {
            if (File.Exists(shell))
            {
                shells.Add(shell);
            }
        }
        return shells;
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public void As_arguments_they_come_back(string shell)
    {
        Random random = new(20260728);
        List<string[]> lists = [Awkward, .. Awkward.Select(a => new[] { a })];
        for (int i = 0; i < 400; i++)
        {
            lists.Add([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomArgument(random))]);
        }
        // One shell reads all: its positional parameters are set from each line and printed.
        StringBuilder script = new();
        foreach (string[] list in lists)
        {
            script.Append("set -- ").Append(ShellQuoting.Join(["x", .. list])).Append("; shift; printf '%s\\0' \"$@\"; printf 'end\\0'\n");
        }
        string[] printed = Encoding.UTF8.GetString(Run(shell, script.ToString())).Split('\0');
        Assert.Equal(lists.SelectMany(list => list.Append("end")), printed[..^1]);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public void As_a_command_they_come_back(string shell)
    {
        if (shell.EndsWith("busybox", StringComparison.Ordinal))
        {
            return; // it runs its own [[ and time, whatever PATH says
        }
        // Each name as a program of its own, found through PATH; the program prints its arguments.
        string folder = TestFolder.New("path");
        // A job's number (%…) is one to bash however it is quoted.
        string[] names = [.. Awkward.Where(a => a.Length > 0 && a[0] != '%')];
        StringBuilder script = new($"PATH={folder}\n");
        List<string> expected = [];
        foreach (string name in names)
        {
            File.CreateSymbolicLink(Path.Combine(folder, name), CauseProgram.Path);
            script.Append(ShellQuoting.Join([name, "arguments", name, "a b"])).Append('\n');
            expected.AddRange([name, "a b"]);
        }
        Assert.Equal(expected, Encoding.UTF8.GetString(Run(shell, script.ToString())).Split('\0')[..^1]);
    }

    [Fact]
    public void What_needs_no_quotes_has_none()
    {
        Assert.Equal("ls -la /tmp/a.b_c+d%e,f:g@h", ShellQuoting.Join(["ls", "-la", "/tmp/a.b_c+d%e,f:g@h"]));
        Assert.Equal("dd if=/dev/zero", ShellQuoting.Join(["dd", "if=/dev/zero"]));
        Assert.Equal("echo if", ShellQuoting.Join(["echo", "if"]));
        Assert.Equal("", ShellQuoting.Join([]));
    }

    private static string RandomArgument(Random random)
    {
        StringBuilder text = new();
        for (int length = random.Next(12); length > 0; length--)
        {
            if (random.Next(3) == 0)
            {
                text.Append(Awkward[random.Next(Awkward.Length)]);
            }
            else
            {
                Rune rune;
                while (!Rune.TryCreate(random.Next(4) == 0 ? random.Next(1, 0x11_0000) : random.Next(1, 128), out rune))
                {
                }
                text.Append(rune);
            }
        }
        return text.ToString();
    }

    private static byte[] Run(string shell, string script)
    {
        string file = Path.Combine(TestFolder.New("script"), "script");
        File.WriteAllText(file, script);
        ProcessStartInfo start = new(shell, shell.EndsWith("busybox", StringComparison.Ordinal) ? ["sh", file] : [file])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        MemoryStream output = new();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.Equal("", errors.Result);
        Assert.Equal(0, process.ExitCode);
        return output.ToArray();
    }
}
