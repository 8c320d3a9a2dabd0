using System.Globalization;

namespace Ebee.Bench;

/// <summary>What BPF objects a process holds, from its descriptors in /proc: others on the machine have theirs.</summary>
internal static class Descriptors
{
    private const string RingType = "27"; // BPF_MAP_TYPE_RINGBUF

    /// <summary>The map id of the newest ring that a process holds and that is newer than another; 0 when there is none.</summary>
    public static uint FindRing(int process, uint newerThan = 0)
    {
        uint newest = 0;
        foreach (Dictionary<string, string> info in Infos(process))
        {
            if (info.GetValueOrDefault("map_type") == RingType)
            {
                newest = Math.Max(newest, uint.Parse(info["map_id"], CultureInfo.InvariantCulture));
            }
        }
        return newest > newerThan ? newest : 0;
    }

    /// <summary>Whether a process has a program attached: it holds a link, or a perf event.</summary>
    public static bool HasAttached(int process)
    {
        try
        {
            return Directory.EnumerateFiles($"/proc/{process}/fd").Any(file =>
                new FileInfo(file).LinkTarget is "anon_inode:bpf_link" or "anon_inode:bpf-link" or "anon_inode:[perf_event]");
        }
        catch (IOException)
        {
            return false; // a descriptor was closed meanwhile, or the process ended
        }
    }

    private static IEnumerable<Dictionary<string, string>> Infos(int process)
    {
        string folder = $"/proc/{process}/fdinfo";
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
        {
            Dictionary<string, string> info = [];
            try
            {
                foreach (string line in File.ReadLines(file))
                {
                    string[] parts = line.Split(':', 2, StringSplitOptions.TrimEntries);
                    info[parts[0]] = parts[^1];
                }
            }
            catch (IOException)
            {
                continue; // it was closed meanwhile
            }
            yield return info;
        }
    }
}
