namespace Ebee.Tests.Support;

/// <summary>Where the build puts what is tested.</summary>
internal static class Repository
{
    /// <summary>The folder of the repository: the one above the test assembly that has the manifest.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The command.</summary>
    public static string Command => Built("out/bin/ebee");

    /// <summary>The compiled object of a tracer.</summary>
    public static string BpfObject(string name) => Built($"src/Ebee/obj/bpf/{name}.bpf.o");

    private static string Built(string path)
    {
        string full = Path.Combine(Root, path);
        return File.Exists(full) ? full : throw new FileNotFoundException($"{full} is missing: build first (./test.sh does).");
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Ebee.psd1")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException($"No Ebee.psd1 above {AppContext.BaseDirectory}.");
    }
}
