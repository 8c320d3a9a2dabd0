using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Ebee.Btf;
using Ebee.Host;

namespace Ebee.Programs;

/// <summary>Compiles C to an eBPF object, with the clang of the machine.</summary>
/// <remarks>
/// A source without any #include gets those of vmlinux.h and of libbpf's headers. One that says no licence is GPL, as with
/// bcc. One without SEC() has its functions put where the caller says. The structs that it defines are in the object's BTF
/// even if nothing but a local variable has such a type.
/// </remarks>
internal sealed partial class SourceCompiler
{
    /// <summary>What a text that is in no file is called in messages and in BTF.</summary>
    public const string TextName = "<source>";

    private const string Prelude = """
        #include "vmlinux.h"
        #include <bpf/bpf_helpers.h>
        #include <bpf/bpf_tracing.h>
        #include <bpf/bpf_core_read.h>
        #include <bpf/bpf_endian.h>

        """;

    private const int LargestSource = 64 << 20; // bytes

    private readonly string _name;
    private readonly string _folder; // temporary, and the one that clang runs in
    private readonly FileUse _use;
    private readonly Clang _clang;
    private readonly SourceOptions _with;
    private readonly TimeSpan _limit;
    private readonly CancellationToken _cancellation;

    private SourceCompiler(string name, string folder, FileUse use, Clang? clang, SourceOptions? with, TimeSpan? limit, CancellationToken cancellation)
    {
        _name = name;
        _folder = folder;
        _use = use;
        _clang = clang ?? Clang.Find(cancellation);
        _with = with ?? new SourceOptions();
        _limit = limit ?? Limit;
        _cancellation = cancellation;
    }

    /// <summary>How long clang may run; a file with a thousand programs takes some seconds.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Compiles a text.</summary>
    /// <param name="source">The C source. What it includes in quotes is not looked for in any folder, but for vmlinux.h.</param>
    /// <param name="section">Where its functions go if it has no SEC() at all, such as tracepoint/syscalls/sys_enter_execve.</param>
    /// <param name="clang">The compiler; by default the one on the path.</param>
    /// <param name="limit">How long it may run; by default <see cref="Limit"/>.</param>
    /// <param name="use">What is done when others could have written a file; by default that is an error.</param>
    /// <param name="with">Macros and folders of headers.</param>
    /// <param name="cancellation">Ends clang.</param>
    /// <returns>The object file's bytes.</returns>
    /// <exception cref="EbpfException">It does not compile, others could have written a file, or clang is not on the machine.</exception>
    public static byte[] Compile(string source, string? section = null, Clang? clang = null, TimeSpan? limit = null,
        FileUse? use = null, SourceOptions? with = null, CancellationToken cancellation = default)
    {
        use ??= new FileUse();
        return InTemporaryFolder(TextName, use, folder =>
        {
            File.WriteAllText(Path.Combine(folder, TextName), source);
            return new SourceCompiler(TextName, folder, use, clang, with, limit, cancellation).Compile(source, section);
        });
    }

    /// <summary>Compiles a file.</summary>
    /// <param name="path">The file, with its whole path. What it includes in quotes is looked for in its folder.</param>
    /// <param name="section">Where its functions go if it has no SEC() at all, such as tracepoint/syscalls/sys_enter_execve.</param>
    /// <param name="clang">The compiler; by default the one on the path.</param>
    /// <param name="limit">How long it may run; by default <see cref="Limit"/>.</param>
    /// <param name="use">What is done when others could have written a file; by default that is an error.</param>
    /// <param name="with">Macros and folders of headers.</param>
    /// <param name="cancellation">Ends clang.</param>
    /// <returns>The object file's bytes.</returns>
    /// <exception cref="EbpfException">It does not compile, others could have written a file, or clang is not on the machine.</exception>
    public static byte[] CompileFile(string path, string? section = null, Clang? clang = null, TimeSpan? limit = null,
        FileUse? use = null, SourceOptions? with = null, CancellationToken cancellation = default)
    {
        use ??= new FileUse();
        string source = ReadSource(path, "Give -SourcePath a C source.");
        use.Check(path);
        return InTemporaryFolder(path, use, folder => new SourceCompiler(path, folder, use, clang, with, limit, cancellation).Compile(source, section));
    }

    /// <summary>Compiles a header to an object that has nothing but the types that the header defines.</summary>
    /// <param name="path">The header, with its whole path.</param>
    /// <param name="use">What is done when others could have written a file; by default that is an error.</param>
    /// <param name="cancellation">Ends clang.</param>
    /// <returns>The object file's bytes.</returns>
    /// <exception cref="EbpfException">It does not compile, others could have written a file, or clang is not on the machine.</exception>
    public static byte[] CompileTypes(string path, FileUse? use = null, CancellationToken cancellation = default)
    {
        use ??= new FileUse();
        string source = ReadSource(path, "Give -EventType a header that declares the struct, the name of a struct, or a declaration.");
        use.Check(path);
        return InTemporaryFolder(path, use, folder => new SourceCompiler(path, folder, use, null, null, null, cancellation).Compile(source, section: null, isHeader: true));
    }

    private static string ReadSource(string path, string advice)
    {
        try
        {
            return Encoding.UTF8.GetString(RegularFile.Read(path, LargestSource));
        }
        catch (IOException e)
        {
            throw new EbpfException(EbpfError.FileFailed, $"'{path}' could not be read: {e.Message}.", advice, inner: e);
        }
    }

    private static byte[] InTemporaryFolder(string name, FileUse use, Func<string, byte[]> compile)
    {
        string folder = CacheFolder.NewTemporary(use);
        byte[] compiled;
        try
        {
            compiled = compile(folder);
        }
        catch (Exception e)
        {
            Exception error = e is TimeoutException
                ? new EbpfException(EbpfError.CompileFailed, $"{CompilerErrors.Subject(name)} does not compile: {e.Message}",
                    "Look at what it includes: a header that has no end, or macros that grow without one.", inner: e)
                : e;
            CleanUp.After(error, () => Directory.Delete(folder, recursive: true));
            if (error == e)
            {
                throw;
            }
            throw error;
        }
        Directory.Delete(folder, recursive: true);
        return compiled;
    }

    private byte[] Compile(string source, string? section, bool isHeader = false)
    {
        string includes = Include().IsMatch(source) ? "" : Prelude;
        // Not by the name alone: that would become ./<source>.
        string own = $"#include \"{Path.Combine(_folder, _name)}\"\n";
        string? headers = Headers(isNeeded: includes.Length > 0);
        List<string> options = Options(headers);
        IncludedFiles files = new(_name, _folder, headers, _use);
        files.Cover(Path.Join(Path.GetDirectoryName(_name), VmlinuxHeader.FileName)); // found beside the source, before any other
        // The kernel's types are not needed yet, and take the time.
        PreprocessedSource preprocessed = new(Encoding.UTF8.GetString(Run([.. options, "-E", "-D__VMLINUX_H__"], includes + own, files)));
        string main = includes + own + (preprocessed.IsBalanced ? Tail(preprocessed) : "");
        if (preprocessed.HasUndefinedSec)
        {
            throw new EbpfException(EbpfError.CompileFailed, $"{CompilerErrors.Subject(_name)} does not compile: it uses SEC(), and includes nothing that defines it.",
                "Put #include <bpf/bpf_helpers.h> behind that of vmlinux.h or <linux/bpf.h>.");
        }
        if (preprocessed.HasProgram || isHeader)
        {
            return Run([.. options, "-c"], main, files);
        }
        if (section is null)
        {
            throw new EbpfException(EbpfError.AttachTargetMissing, $"{CompilerErrors.Subject(_name)} does not say what its functions are to be attached to.",
                "Give -Tracepoint, -Function or -Interface, or put SEC(\"tracepoint/syscalls/sys_enter_execve\") before the function.");
        }
        string code = Encoding.UTF8.GetString(Run([.. options, "-S", "-emit-llvm", "-Xclang", "-disable-llvm-passes"], main, files));
        code = IntermediateCode.PlacePrograms(code, section, out int count);
        return count > 0
            ? Run(["-g", "-O2", "-target", "bpf", "-mcpu=v3", "-x", "ir", "-c"], code)
            : throw new EbpfException(EbpfError.CompileFailed, $"{CompilerErrors.Subject(_name)} has no function that can be a program: each is static, or called by another.",
                "Write one that is not static: int hello(void *ctx) { return 0; }");
    }

    // What the source leaves out.
    private static string Tail(PreprocessedSource source)
    {
        StringBuilder tail = new();
        if (!source.HasLicense)
        {
            tail.Append("char __ebee_license[] __attribute__((section(\"license\"), used)) = \"GPL\";\n");
        }
        // clang writes to BTF what a global variable's type leads to. libbpf makes no map of a section of this name.
        int count = 0;
        foreach (string type in source.Types.Distinct())
        {
            tail.Append($"static {type} *__ebee_type{count++} __attribute__((section(\".ebee\"), used));\n");
        }
        return tail.ToString();
    }

    // The folder of vmlinux.h; null on a kernel without BTF, as not every source needs it.
    private string? Headers(bool isNeeded)
    {
        try
        {
            return VmlinuxHeader.Folder(_folder, _use, _cancellation);
        }
        catch (EbpfException e) when (e.Error == EbpfError.NoBtf && !isNeeded)
        {
            return null;
        }
    }

    private List<string> Options(string? headers)
    {
        bool isArm = RuntimeInformation.OSArchitecture == Architecture.Arm64;
        return
        [
            "-x", "c", "-g", "-O2", "-target", "bpf", "-mcpu=v3", $"-D__TARGET_ARCH_{(isArm ? "arm64" : "x86")}",
            "-Werror=implicit-function-declaration", "-fno-crash-diagnostics",
            // The folder that is gone later is in no name of a file; clang 14 puts the current one before each.
            $"-fdebug-prefix-map={_folder}/=", "-fdebug-compilation-dir=here:", "-fdebug-prefix-map=here:=",
            // The C library's headers and the kernel's ask for the machine by its macro, which this target does not define.
            $"-D__{(isArm ? "aarch64" : "x86_64")}__",
            .. _with.Define.Select(macro => $"-D{macro}"),
            .. _with.IncludePath.SelectMany(folder => new[] { "-I", folder }),
            "-idirafter", $"/usr/include/{(isArm ? "aarch64" : "x86_64")}-linux-gnu",
            .. headers is null ? Array.Empty<string>() : ["-isystem", headers],
        ];
    }

    // With all that it reads looked at: what it made of others is not used.
    private byte[] Run(IEnumerable<string> options, string input, IncludedFiles files)
    {
        byte[] output;
        do
        {
            output = Run([.. options, .. files.Options], input);
        }
        while (files.Check());
        return output;
    }

    private byte[] Run(IEnumerable<string> options, string input)
    {
        (int exitCode, byte[] output, string messages) = _clang.Run([.. options, "-", "-o", "-"], _folder, Encoding.UTF8.GetBytes(input), _limit, _cancellation);
        return exitCode == 0 ? output : throw CompilerErrors.From(_name, messages.Replace(_folder + "/", "", StringComparison.Ordinal), _with.IncludePath);
    }

    [GeneratedRegex(@"^[ \t]*#[ \t]*include\b", RegexOptions.Multiline)]
    private static partial Regex Include();
}
