using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Ebee.Tests.Support;

/// <summary>Compiles C to eBPF objects with the machine's clang; a test is skipped where there is none.</summary>
internal static class BpfCompiler
{
    private static readonly ConcurrentDictionary<string, Lazy<string>> Compiled = new();

    /// <summary>The bytes of a source text's object.</summary>
    public static byte[] Compile(string source)
    {
        string folder = TestFolder.New("source");
        File.WriteAllText(Path.Combine(folder, "source.bpf.c"), source);
        try
        {
            return File.ReadAllBytes(Run(Path.Combine(folder, "source.bpf.c"), folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The object file of one of the tests' programs (causes/&lt;name&gt;.bpf.c).</summary>
    public static string Path_(string name) => Compiled.GetOrAdd(name, key => new Lazy<string>(() =>
        Run(Path.Combine(AppContext.BaseDirectory, "causes", key + ".bpf.c"), TestFolder.New(key)))).Value;

    private static string Run(string source, string folder)
    {
        string target = Path.Combine(folder, Path.GetFileNameWithoutExtension(source) + ".o");
        string architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "x86";
        string triplet = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "aarch64" : "x86_64";
        try
        {
            CommandRun run = CommandRun.Run("clang", ["-g", "-O2", "-Wall", "-target", "bpf", "-mcpu=v3", $"-D__TARGET_ARCH_{architecture}", "-idirafter",
                $"/usr/include/{triplet}-linux-gnu", "-c", source, "-o", target]);
            return run.ExitCode == 0 ? target : throw new InvalidOperationException(run.Errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new SkipException("needs clang and the headers of libbpf");
        }
    }
}
