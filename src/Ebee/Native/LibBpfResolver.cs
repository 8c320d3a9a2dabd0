using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>
/// Finds libbpf in known places only: the folder of Ebee's own assembly, then the system's <c>libbpf.so.1</c>.
/// </summary>
internal static class LibBpfResolver
{
    private static readonly Lock Gate = new();
    private static nint _handle;

    // In the order they depend on each other: a library that is loaded by its full path satisfies the next one's
    // need of its soname, without a search path being touched.
    private static readonly string[] Bundled = ["libz.so.1", "libzstd.so.1", "libelf.so.1", LibBpf.Library];

    // An assembly may be given a resolver once, whoever loads the module how often.
#pragma warning disable CA2255
    [ModuleInitializer]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(LibBpfResolver).Assembly, static (name, _, _) =>
            name == LibBpf.Library ? Load() : 0);
#pragma warning restore CA2255

    private static nint Load()
    {
        lock (Gate)
        {
            if (_handle != 0)
            {
                return _handle;
            }
            if (!OperatingSystem.IsLinux())
            {
                throw new EbpfException(EbpfError.NotLinux, "Ebee traces the Linux kernel, and this is not Linux.",
                    "Run it on a Linux machine, kernel 5.8 or newer.");
            }
            List<string> tried = [];
            foreach (string folder in Folders())
            {
                if (TryLoadBundled(folder, tried))
                {
                    return _handle;
                }
            }
            if (NativeLibrary.TryLoad(LibBpf.Library, out _handle))
            {
                return _handle;
            }
            tried.Add($"the system's {LibBpf.Library}");
            throw new EbpfException(EbpfError.LibBpfNotFound,
                $"libbpf was not found. Tried: {string.Join(", ", tried)}.",
                "Install it: apt-get install libbpf1 (Debian, Ubuntu), dnf install libbpf (Fedora, RHEL).");
        }
    }

    private static IEnumerable<string> Folders()
    {
        string? own = Path.GetDirectoryName(typeof(LibBpfResolver).Assembly.Location);
        if (string.IsNullOrEmpty(own))
        {
            yield break;
        }
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        yield return Path.Combine(own, "runtimes", $"linux-{architecture}", "native");
    }

    private static bool TryLoadBundled(string folder, List<string> tried)
    {
        string target = Path.Combine(folder, LibBpf.Library);
        tried.Add(target);
        if (!File.Exists(target))
        {
            return false;
        }
        foreach (string library in Bundled)
        {
            string path = Path.Combine(folder, library);
            nint handle = 0;
            if (File.Exists(path) && !NativeLibrary.TryLoad(path, out handle))
            {
                return false;
            }
            _handle = handle;
        }
        return _handle != 0;
    }
}
