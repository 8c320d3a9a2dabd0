using System.Diagnostics;

namespace Ebee.Tests.Support;

/// <summary>The programs that cause events (causes/*.c), compiled when they are first needed.</summary>
internal static class CauseProgram
{
    private static readonly Lazy<string> Compiled = new(() => Compile("cause"));
    private static readonly Lazy<string> CompiledDeletions = new(() => Compile("deletions"));

    /// <summary>The path of the one that does as it is told, in a folder that every user can reach.</summary>
    public static string Path => Compiled.Value;

    /// <summary>The path of the one that deletes at random.</summary>
    public static string Deletions => CompiledDeletions.Value;

    /// <summary>Whether they need no libraries, so that they run in an empty root.</summary>
    public static bool IsStatic { get; private set; }

    private static string Compile(string name)
    {
        string program = System.IO.Path.Combine(TestFolder.New("cause"), name);
        string source = System.IO.Path.Combine(AppContext.BaseDirectory, "causes", name + ".c");
        string said = "";
        foreach (string linking in new[] { "-static", "" })
        {
            foreach (string compiler in new[] { "cc", "gcc", "clang" })
            {
                using Process? process = Try(compiler, $"-O2 -Wall -Wextra -Werror -pthread {linking} -o \"{program}\" \"{source}\"");
                if (process is null)
                {
                    continue;
                }
                said = process.StandardError.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode == 0)
                {
                    IsStatic = linking.Length > 0;
                    return program;
                }
            }
        }
        throw new InvalidOperationException($"No C compiler (cc, gcc, clang) made {source} a program. {said}");
    }

    private static Process? Try(string file, string arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // not installed
        }
    }
}
