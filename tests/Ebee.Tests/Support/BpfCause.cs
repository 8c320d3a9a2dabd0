using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Ebee.Tests.Support;

/// <summary>The object files that clang makes of causes/*.bpf.c, each when it is first needed.</summary>
internal static class BpfCause
{
    private static readonly ConcurrentDictionary<string, Lazy<string?>> Compiled = new();

    /// <summary>The path of one; the test is skipped where there is no clang.</summary>
    public static string Object(string name)
    {
        string? path = Compiled.GetOrAdd(name, static n => new(() => CompileFile(Path.Combine(AppContext.BaseDirectory, "causes", n + ".bpf.c")))).Value;
        SkipException.If(path is null, "needs clang and the headers of libbpf");
        return path!;
    }

    /// <summary>The bytes of the object that a text becomes.</summary>
    public static byte[] Compile(string source)
    {
        string file = Path.Combine(TestFolder.New("source"), "source.bpf.c");
        File.WriteAllText(file, source);
        string? path = CompileFile(file);
        SkipException.If(path is null, "needs clang and the headers of libbpf");
        return File.ReadAllBytes(path!);
    }

    /// <summary>The path of the object that a file becomes, with the flags of the build; null where there is no such compiler.</summary>
    public static string? CompileFile(string file, string compiler = "clang")
    {
        string target = Path.Combine(TestFolder.New(Path.GetFileNameWithoutExtension(file)), Path.GetFileNameWithoutExtension(file) + ".o");
        bool isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        try
        {
            CommandRun run = CommandRun.Run(compiler, ["-g", "-O2", "-Wall", "-target", "bpf", "-mcpu=v3", $"-D__TARGET_ARCH_{(isArm ? "arm64" : "x86")}",
                "-idirafter", $"/usr/include/{(isArm ? "aarch64" : "x86_64")}-linux-gnu", "-c", file, "-o", target]);
            return run.ExitCode == 0 ? target : throw new InvalidOperationException(run.Errors);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null; // not installed
        }
    }
}
