using Ebee.Host;
using Ebee.Native;

namespace Ebee.Btf;

/// <summary>Writes the types of a BTF as a C header, as <c>bpftool btf dump file … format c</c> does; libbpf declares them.</summary>
public static class TypeHeader
{
    /// <summary>The running kernel's types.</summary>
    public const string KernelBtf = "/sys/kernel/btf/vmlinux";

    private const int LargestFile = 1 << 30; // a distribution's kernel with all its debugging information has less

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60); // a kernel's types take a fifth of a second

    /// <summary>Makes the header.</summary>
    /// <param name="btfPath">The BTF: raw, as the kernel shows it, or an ELF file with a section .BTF.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The header's bytes, at most 128 MiB.</returns>
    /// <exception cref="EbpfException">There is no BTF, or none that can be used.</exception>
    public static byte[] Make(string btfPath = KernelBtf, CancellationToken cancellation = default)
    {
        // The BTF of a kernel's module continues the kernel's.
        bool isOfKernel = Path.GetDirectoryName(btfPath) == Path.GetDirectoryName(KernelBtf);
        byte[] content = isOfKernel ? CheckKernelFile(btfPath) : Read(btfPath);
        CheckResult result = LibBpfCheck.WriteHeader(isOfKernel ? btfPath : null, content, isOfKernel && btfPath != KernelBtf ? KernelBtf : null,
            Limit, cancellation, out byte[] text);
        return result.Phase == CheckPhase.Done ? [.. Head, .. text, .. Tail] : throw (result.Phase, result.Errno) switch
        {
            (CheckPhase.Crashed, _) => Invalid(btfPath, $"libbpf does not survive it ({Signal.Name(result.Signal)})", result.Log),
            (CheckPhase.TimedOut, _) => Invalid(btfPath, $"libbpf was not done with it in {Limit.TotalSeconds} seconds", result.Log),
            (CheckPhase.Open, Errno.Eacces or Errno.Eperm) => NotAllowed(btfPath, result.Log),
            (CheckPhase.Open, int errno) => Invalid(btfPath, $"libbpf does not take it ({Errno.Name(errno)})", result.Log),
            (CheckPhase.Write, int errno) => Invalid(btfPath, $"its header cannot be kept ({Errno.Name(errno)})", result.Log),
            (_, int errno) => Invalid(btfPath, $"a type cannot be declared ({Errno.Name(errno)})", result.Log),
        };
    }

    private static ReadOnlySpan<byte> Head => """
        #ifndef __VMLINUX_H__
        #define __VMLINUX_H__

        #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
        #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
        #endif


        """u8;

    private static ReadOnlySpan<byte> Tail => """
        #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
        #pragma clang attribute pop
        #endif

        #endif /* __VMLINUX_H__ */

        """u8;

    // libbpf reads it where it lies.
    private static byte[] CheckKernelFile(string path) => File.Exists(path) ? []
        : path != KernelBtf ? throw NoFile(path)
        : throw new EbpfException(EbpfError.NoBtf, $"This kernel has no BTF: {KernelBtf} is missing.",
            "Use a kernel with CONFIG_DEBUG_INFO_BTF=y, or give another machine's with -BtfPath. In a container, mount /sys.");

    private static byte[] Read(string path)
    {
        try
        {
            return RegularFile.Read(path, LargestFile);
        }
        catch (IOException e) when (e.InnerException is UnauthorizedAccessException)
        {
            throw NotAllowed(path, "");
        }
        catch (IOException e)
        {
            throw new EbpfException(EbpfError.FileFailed, $"'{path}' could not be read: {e.Message}.",
                "Give a file with BTF: /sys/kernel/btf/vmlinux, or an object that was compiled with -g.", inner: e);
        }
    }

    private static EbpfException NoFile(string path) =>
        new(EbpfError.FileFailed, $"'{path}' is no file.", "Give a file with BTF: /sys/kernel/btf/vmlinux, or an object that was compiled with -g.");

    private static EbpfException NotAllowed(string path, string details) =>
        new(EbpfError.PermissionDenied, $"This user may not read '{path}'.", "Run it as root: sudo pwsh.", details);

    private static EbpfException Invalid(string path, string reason, string details) =>
        new(EbpfError.InvalidBtf, $"'{path}' has no BTF that can be used: {reason.TrimEnd('.')}.",
            "Give a file with BTF: /sys/kernel/btf/vmlinux, or an object that was compiled with -g.", details);
}
