using System.Security.Cryptography;
using System.Text;
using Ebee.Host;

namespace Ebee.Btf;

/// <summary>The running kernel's types as a file vmlinux.h, made once for each build of a kernel.</summary>
internal static class VmlinuxHeader
{
    /// <summary>The name that programs include it by.</summary>
    public const string FileName = "vmlinux.h";

    /// <summary>A folder that holds it and nothing that could be taken for another header.</summary>
    /// <param name="temporary">Where to write it when this user has no cache.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="EbpfException">The kernel has no BTF.</exception>
    public static string Folder(string temporary, CancellationToken cancellation) => Folder(CacheFolder.Find(), temporary, cancellation);

    /// <summary>As above, in a given cache.</summary>
    internal static string Folder(string? cache, string temporary, CancellationToken cancellation = default)
    {
        string folder = cache is null ? Path.Combine(temporary, "include") : Path.Combine(cache, "vmlinux-" + Key());
        string file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            byte[] header = TypeHeader.Make(cancellation: cancellation);
            Directory.CreateDirectory(folder);
            // Whole or not at all: others may look for it at the same time.
            string part = $"{file}.{Guid.NewGuid():N}";
            File.WriteAllBytes(part, header);
            File.Move(part, file, overwrite: true);
        }
        return folder;
    }

    // What tells one build of a kernel from another: its build id, its version line, and how much BTF it has. And who wrote
    // the header.
    private static string Key()
    {
        const string Notes = "/sys/kernel/notes";
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(File.Exists(Notes) ? File.ReadAllBytes(Notes) : []);
        hash.AppendData(File.ReadAllBytes("/proc/version"));
        long size = File.Exists(TypeHeader.KernelBtf) ? new FileInfo(TypeHeader.KernelBtf).Length : 0;
        hash.AppendData(Encoding.ASCII.GetBytes($"{size} {typeof(VmlinuxHeader).Assembly.GetName().Version}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 8));
    }
}
