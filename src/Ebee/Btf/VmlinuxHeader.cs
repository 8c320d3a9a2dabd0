using System.Security.Cryptography;
using System.Text;
using Ebee.Host;

namespace Ebee.Btf;

/// <summary>The running kernel's types as a file vmlinux.h, made once for each build of a kernel.</summary>
internal static class VmlinuxHeader
{
    /// <summary>The name that programs include it by.</summary>
    public const string FileName = "vmlinux.h";

    private const string Prefix = "vmlinux-";

    /// <summary>A folder that holds it and nothing that could be taken for another header.</summary>
    /// <param name="temporary">Where to write it when this user has no cache, or none that can be written.</param>
    /// <param name="use">Is told when the cache cannot be used.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="EbpfException">The kernel has no BTF.</exception>
    public static string Folder(string temporary, FileUse use, CancellationToken cancellation) =>
        Folder(CacheFolder.Find(), temporary, use, cancellation);

    /// <summary>As above, in a given cache.</summary>
    internal static string Folder(string? cache, string temporary, FileUse use, CancellationToken cancellation = default)
    {
        string? kept = cache is null ? null : Path.Combine(cache, Prefix + Key());
        if (kept is not null && IsWhole(kept))
        {
            return HeadersOf(kept);
        }
        byte[] header = TypeHeader.Make(cancellation: cancellation);
        try
        {
            if (kept is not null)
            {
                Keep(cache!, kept, header);
                return HeadersOf(kept);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            use.Notes.Add($"{FileName} is not kept in {cache}, and is made anew each time: {e.Message}");
        }
        string folder = Directory.CreateDirectory(HeadersOf(temporary)).FullName;
        File.WriteAllBytes(Path.Combine(folder, FileName), header);
        return folder;
    }

    // A power cut leaves a file that is empty or holds zeros. The time of the folder is that of its last use.
    private static bool IsWhole(string folder)
    {
        try
        {
            if (!File.ReadAllBytes(SumOf(folder)).AsSpan().SequenceEqual(SHA256.HashData(File.ReadAllBytes(Path.Combine(HeadersOf(folder), FileName)))))
            {
                return false;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it is not there, or the disk cannot be read
        }
        try
        {
            Directory.SetLastWriteTimeUtc(folder, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // read-only: nothing is removed there either
        }
        return true;
    }

    private static void Keep(string cache, string folder, byte[] header)
    {
        CacheFolder.Prune(cache, Prefix);
        string headers = Directory.CreateDirectory(HeadersOf(folder)).FullName;
        CacheFolder.Write(cache, Path.Combine(headers, FileName), header);
        CacheFolder.Write(cache, SumOf(folder), SHA256.HashData(header));
    }

    private static string HeadersOf(string folder) => Path.Combine(folder, "include");

    private static string SumOf(string folder) => Path.Combine(folder, "sum");

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
