using System.Globalization;

namespace Ebee.Host;

/// <summary>Which processes hold the kernel's programs, maps and links open, from their /proc/PID/fdinfo.</summary>
internal sealed class BpfHolders
{
    private static readonly string[] Keys = ["prog_id", "map_id", "link_id"];
    private readonly Dictionary<(string Key, uint Id), SortedDictionary<int, string>> _holders = [];

    private BpfHolders()
    {
    }

    /// <summary>How many processes did not let their descriptors be read.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Looks through the descriptors of all processes of this pid namespace.</summary>
    public static BpfHolders Scan()
    {
        BpfHolders holders = new();
        foreach (int process in Processes.All())
        {
            try
            {
                holders.Add(process);
            }
            catch (UnauthorizedAccessException)
            {
                holders.Unreadable++;
            }
            catch (IOException)
            {
                // it ended
            }
        }
        return holders;
    }

    /// <summary>The ids of those that hold an object, ascending, and their names.</summary>
    public (int[] Ids, string[] Names) Of(string key, uint id) =>
        _holders.TryGetValue((key, id), out SortedDictionary<int, string>? found) ? ([.. found.Keys], [.. found.Values]) : ([], []);

    private void Add(int process)
    {
        string? name = null;
        foreach (FileInfo descriptor in new DirectoryInfo($"/proc/{process}/fd").EnumerateFiles())
        {
            try
            {
                // Few descriptors are of eBPF, and a link is read sooner than a file.
                if (descriptor.LinkTarget?.StartsWith("anon_inode:bpf", StringComparison.Ordinal) != true)
                {
                    continue;
                }
                foreach (string line in File.ReadLines($"/proc/{process}/fdinfo/{descriptor.Name}"))
                {
                    if (line.IndexOf(':', StringComparison.Ordinal) is > 0 and int colon
                        && Array.Find(Keys, key => line.AsSpan(0, colon).SequenceEqual(key)) is { } key
                        && uint.TryParse(line.AsSpan(colon + 1).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out uint id))
                    {
                        name ??= File.ReadAllText($"/proc/{process}/comm").TrimEnd('\n');
                        (_holders.TryGetValue((key, id), out SortedDictionary<int, string>? found)
                            ? found
                            : _holders[(key, id)] = [])[process] = name;
                    }
                }
            }
            catch (IOException)
            {
                // this descriptor was closed meanwhile
            }
        }
    }
}
