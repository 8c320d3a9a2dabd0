namespace Ebee.Tests.Support;

/// <summary>What the tests' own process has.</summary>
internal static class Self
{
    /// <summary>What each descriptor refers to, but for assemblies, which .NET opens when it needs them.</summary>
    public static string[] Descriptors()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return [.. DescriptorsOf("self").Where(target => !target.EndsWith(".dll", StringComparison.Ordinal)).Order()];
    }

    /// <summary>What each descriptor of a process refers to.</summary>
    public static IEnumerable<string> DescriptorsOf(string process) =>
        Directory.GetFileSystemEntries($"/proc/{process}/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "");

    /// <summary>The ids of its child processes, of those too that ended and nobody waited for.</summary>
    public static string[] Children() => [.. Directory.EnumerateDirectories("/proc/self/task").SelectMany(ChildrenOf)];

    private static string[] ChildrenOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        }
        catch (IOException)
        {
            return []; // the thread has ended, and its children are another's
        }
    }
}
