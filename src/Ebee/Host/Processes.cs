using System.Globalization;

namespace Ebee.Host;

/// <summary>The processes of this pid namespace, from /proc.</summary>
internal static class Processes
{
    /// <summary>Whether a process (not just a thread) of that id exists.</summary>
    public static bool Exists(int id)
    {
        string path = $"/proc/{id}/status";
        try
        {
            return IsProcess(File.ReadLines(path), id);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>All processes whose parent is one of those given.</summary>
    public static IEnumerable<int> ChildrenOf(IReadOnlySet<int> parents)
    {
        foreach (int id in All())
        {
            if (ParentOf(id) is int parent && parents.Contains(parent))
            {
                yield return id;
            }
        }
    }

    /// <summary>All processes.</summary>
    public static IEnumerable<int> All()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                yield return id;
            }
        }
    }

    /// <summary>How many can live at a time, by the kernel's limits; null when they cannot be read.</summary>
    public static uint? Most()
    {
        uint? threads = Limit("/proc/sys/kernel/threads-max"), ids = Limit("/proc/sys/kernel/pid_max");
        return threads < ids ? threads : ids ?? threads;
    }

    private static uint? Limit(string file)
    {
        try
        {
            return uint.TryParse(File.ReadAllText(file).AsSpan().Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out uint limit) ? limit : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // /proc/sys may be hidden
        }
    }

    /// <summary>The inode of this process's pid namespace.</summary>
    public static uint PidNamespace()
    {
        // "pid:[4026531836]"
        string target = new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";
        int start = target.IndexOf('[', StringComparison.Ordinal) + 1;
        return uint.Parse(target.AsSpan(start, target.Length - start - 1), CultureInfo.InvariantCulture);
    }

    /// <summary>Whether a status file is that of a process: a thread's id opens too, but then Tgid is another.</summary>
    internal static bool IsProcess(IEnumerable<string> status, int id) => status.Any(line => line.StartsWith("Tgid:", StringComparison.Ordinal)
        && int.TryParse(line.AsSpan(5).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int process) && process == id);

    /// <summary>The parent that a stat file names; null when it is none.</summary>
    internal static int? ParseParent(string stat)
    {
        // The name, in parentheses, may hold anything; after the last ")" come the state and the parent.
        string[] fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ');
        return fields.Length > 2 && int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out int parent) ? parent : null;
    }

    private static int? ParentOf(int id)
    {
        try
        {
            return ParseParent(File.ReadAllText($"/proc/{id}/stat"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it ended
        }
    }
}
