using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Ebee.Native;

/// <summary>
/// Finds libbpf in known places only: the folder of Ebee's own assembly, then the system's <c>libbpf.so.1</c>.
/// </summary>
internal static class LibBpfResolver
{
    private static readonly Lock Gate = new();
    private static readonly List<string> LoadedPaths = [];
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

    /// <summary>What another process must load, in this order, to have the libbpf that this one has.</summary>
    internal static IReadOnlyList<string> Libraries
    {
        get
        {
            Load();
            return LoadedPaths;
        }
    }

    /// <summary>The folder for native files of Ebee's own; null when its assembly came from no file.</summary>
    internal static string? Folder { get; } = FindFolder();

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
            if (Folder is not null && TryLoadBundled(Folder, tried))
            {
                return _handle;
            }
            LoadedPaths.Clear();
            RequireSearchPath();
            if (NativeLibrary.TryLoad(LibBpf.Library, out _handle))
            {
                LoadedPaths.Add(LibBpf.Library);
                return _handle;
            }
            Descriptors.Require(Bundled.Length + 1, "libbpf cannot be loaded"); // else it may be there all the same
            tried.Add($"the system's {LibBpf.Library}");
            throw new EbpfException(EbpfError.LibBpfNotFound,
                $"libbpf was not found. Tried: {string.Join(", ", tried)}.",
                "Install it: apt-get install libbpf1 (Debian, Ubuntu), dnf install libbpf (Fedora, RHEL).");
        }
    }

    // The loader looks there first, and in the current folder where an entry is empty.
    private static void RequireSearchPath()
    {
        foreach (string folder in (Environment.GetEnvironmentVariable("LD_LIBRARY_PATH") ?? "/").Split(':', ';'))
        {
            foreach (string path in Bundled.Select(library => Path.Combine(Environment.CurrentDirectory, folder, library)).Where(File.Exists))
            {
                Host.FileTrust.Require(path);
            }
        }
    }

    private static string? FindFolder()
    {
        string? own = Path.GetDirectoryName(typeof(LibBpfResolver).Assembly.Location);
        string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return string.IsNullOrEmpty(own) ? null : Path.Combine(own, "runtimes", $"linux-{architecture}", "native");
    }

    private static bool TryLoadBundled(string folder, List<string> tried)
    {
        string target = Path.Combine(folder, LibBpf.Library);
        if (!File.Exists(target))
        {
            tried.Add(target);
            return false;
        }
        nint loaded = 0;
        foreach (string library in Bundled)
        {
            string path = Path.Combine(folder, library);
            if (!File.Exists(path))
            {
                continue;
            }
            Host.FileTrust.Require(path);
            try
            {
                loaded = NativeLibrary.Load(path);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                tried.Add($"{path} ({e.Message.ReplaceLineEndings(" ").Trim()})");
                return false;
            }
            LoadedPaths.Add(path);
        }
        _handle = loaded; // libbpf is the last
        return true;
    }
}
