using System.Runtime.InteropServices;
using System.Text;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Native;

/// <summary>How far libbpf-check came. The numbers are those of src/LibBpf.Check/libbpf_check.c.</summary>
internal enum CheckPhase
{
    /// <summary>All was well.</summary>
    Done,

    /// <summary>It could not begin: libbpf was not found by it.</summary>
    Prepare,

    /// <summary>libbpf did not take the bytes.</summary>
    Open,

    /// <summary>A setting could not be made.</summary>
    Set,

    /// <summary>libbpf or the kernel refused the load, or a type could not be declared.</summary>
    Load,

    /// <summary>What it made is too long.</summary>
    Write,

    /// <summary>It ended before it was done.</summary>
    Crashed,

    /// <summary>It was killed when its time was over.</summary>
    TimedOut,
}

/// <summary>What a run of libbpf-check gave.</summary>
/// <param name="Phase">Where it ended.</param>
/// <param name="Errno">Why, as a positive error number; 0 when all was well.</param>
/// <param name="Signal">The signal that ended it; 0 when none did.</param>
/// <param name="Log">What libbpf and the kernel said.</param>
internal readonly record struct CheckResult(CheckPhase Phase, int Errno, int Signal, string Log);

/// <summary>
/// libbpf-check, the program that does with untrusted bytes what this process is about to do, so that what libbpf does not survive ends
/// that one. It lies in the folder of the bundled libbpf, and in no other place.
/// </summary>
internal static class LibBpfCheck
{
    private const string Program = "libbpf-check";

    // New memory and freed memory is filled, so that use of it shows.
    private static readonly string[] Environment =
    [
        "MALLOC_PERTURB_=165",
        .. System.Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") is { } path ? [$"LD_LIBRARY_PATH={path}"] : Array.Empty<string>(),
    ];

    /// <summary>Opens an object, and loads it when there are settings.</summary>
    /// <param name="elf">The object.</param>
    /// <param name="name">The name that libbpf is to give it.</param>
    /// <param name="kernelBtf">The kernel's types that libbpf is to use; null for those that it finds.</param>
    /// <param name="settings">What is set before the load; null to open only.</param>
    /// <param name="limit">When it is killed.</param>
    /// <param name="cancellation">Kills it.</param>
    public static CheckResult Run(ReadOnlySpan<byte> elf, string name, SafeFileHandle? kernelBtf, CheckSettings? settings, TimeSpan limit,
        CancellationToken cancellation)
    {
        using SafeFileHandle input = Memory("ebee-object", elf), set = Memory("ebee-settings", settings is null ? [] : settings.Bytes);
        List<int> descriptors = [Number(input), Number(set), .. settings?.Descriptors ?? []];
        string btfPath = "";
        if (kernelBtf is not null)
        {
            descriptors.Add(Number(kernelBtf));
            btfPath = PathOf(descriptors.Count - 1);
        }
        return Run(settings is null ? "open" : "load", descriptors, name, btfPath, limit, cancellation);
    }

    /// <summary>Writes the types of a BTF as a C header.</summary>
    /// <param name="btfPath">A file of the kernel's; null for <paramref name="btf"/>.</param>
    /// <param name="btf">Raw BTF, or an ELF file with a section .BTF.</param>
    /// <param name="basePath">The BTF that it continues; null for none.</param>
    /// <param name="limit">When it is killed.</param>
    /// <param name="cancellation">Kills it.</param>
    /// <param name="text">The header's declarations.</param>
    public static CheckResult WriteHeader(string? btfPath, ReadOnlySpan<byte> btf, string? basePath, TimeSpan limit,
        CancellationToken cancellation, out byte[] text)
    {
        using SafeFileHandle input = Memory("ebee-btf", btf), output = Memory("ebee-header", []);
        CheckResult result = Run("header", [Number(input), Number(output)], btfPath ?? PathOf(0), basePath ?? "", limit, cancellation);
        text = result.Phase == CheckPhase.Done ? Content(output) : [];
        return result;
    }

    /// <summary>The number that a descriptor of <see cref="CheckSettings"/> has in libbpf-check: 3 is the result, 4 the log, 5 the input, 6 the settings.</summary>
    internal static int FirstOfSettings => 7;

    private static CheckResult Run(string mode, List<int> descriptors, string first, string second, TimeSpan limit,
        CancellationToken cancellation)
    {
        IReadOnlyList<string> libraries = LibBpfResolver.Libraries;
        using SafeFileHandle log = Memory("ebee-log", []);
        string[] arguments =
        [
            mode, (descriptors.Count + 2).ToString(), libraries.Count.ToString(), .. libraries, first, second,
        ];
        string program = Path.Combine(LibBpfResolver.Folder ?? "/", Program); // never the current folder's
        Host.FileTrust.Require(program);
        try
        {
            using SafeFileHandle? copy = ExecutableCopy(program);
            ChildEnd end = ChildProcess.Run(copy is null ? program : $"/proc/self/fd/{Number(copy)}", arguments, Environment,
                [Number(log), .. descriptors], limit, cancellation);
            ReadOnlySpan<int> result = MemoryMarshal.Cast<byte, int>(end.Result);
            (CheckPhase phase, int errno) = end.IsTimeout ? (CheckPhase.TimedOut, 0)
                : result.Length < 2 || end.Signal != 0 ? (CheckPhase.Crashed, 0)
                : ((CheckPhase)result[0], result[1]);
            CheckResult made = new(phase, errno, end.Signal, Encoding.UTF8.GetString(Content(log)));
            return phase != CheckPhase.Prepare ? made : throw NotStarted(program, $"it ended with {Errno.Name(errno)}", made.Log);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotStarted(program, e.Message.TrimEnd('.'), "", e);
        }
    }

    // A module that came as a NuGet package has lost its modes. Null when it has not.
    private static SafeFileHandle? ExecutableCopy(string program) =>
        LibC.access(program, LibC.AccessExecute) == 0 ? null : Memory(Program, File.ReadAllBytes(program));

    private static EbpfException NotStarted(string program, string why, string details, Exception? inner = null) => new(EbpfError.FileFailed,
        $"'{program}', which tries an object before this session loads it, could not be started: {why}.",
        "Install Ebee again, or build it: ./eng/build.sh.", details, inner);

    private static string PathOf(int index) => $"/proc/self/fd/{FirstOfSettings - 2 + index}";

    private static int Number(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    private static SafeFileHandle Memory(string name, ReadOnlySpan<byte> content)
    {
        int fd = LibC.memfd_create(name, LibC.MfdCloexec);
        if (fd < 0)
        {
            throw KernelErrors.Exhausted("The kernel gave no memory file", Marshal.GetLastPInvokeError());
        }
        SafeFileHandle file = new(fd, ownsHandle: true);
        RandomAccess.Write(file, content, 0);
        return file;
    }

    private static byte[] Content(SafeFileHandle file)
    {
        byte[] content = new byte[RandomAccess.GetLength(file)];
        int length = RandomAccess.Read(file, content, 0);
        return length == content.Length ? content : content[..length];
    }
}
