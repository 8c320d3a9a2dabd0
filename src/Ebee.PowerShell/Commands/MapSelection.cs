using System.Management.Automation;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.PowerShell.Commands;

/// <summary>Which maps are meant: those of this session's probes by their own descriptors, others as the kernel lists them.</summary>
internal static class MapSelection
{
    /// <summary>The map of an id.</summary>
    public static EbpfMap ById(uint id)
    {
        if (OfProbes().FirstOrDefault(map => map.Map.Id == id).Map is { } own)
        {
            return own;
        }
        using HostInventory inventory = new(withHolders: false);
        return inventory.Map(id) ?? throw Missing($"the id {id}");
    }

    /// <summary>The maps of a name, which may have wildcards. A probe's is also found by a name that the kernel cut.</summary>
    public static List<EbpfMap> ByName(string name, Action<string> warn)
    {
        WildcardPattern pattern = NamePattern.Of(name);
        List<EbpfMap> found = [.. OfProbes().Where(map => pattern.IsMatch(map.Name) || pattern.IsMatch(map.Map.Name)).Select(map => map.Map).DistinctBy(map => map.Id)];
        try
        {
            using HostInventory inventory = new(withHolders: false);
            HashSet<uint> own = [.. found.Select(map => map.Id)];
            found.AddRange(inventory.Maps().Where(map => pattern.IsMatch(map.Name) && !own.Contains(map.Id)));
        }
        catch (EbpfException e) when (found.Count > 0)
        {
            warn($"Only the maps of this session's probes were looked through. {e.Message}");
        }
        return found.Count > 0 || WildcardPattern.ContainsWildcardCharacters(name) ? found : throw Missing($"the name '{name}'");
    }

    /// <summary>The map that is pinned as a file.</summary>
    public static EbpfMap ByPin(string path)
    {
        BpfFs.CheckPlace(path);
        SafeFileHandle handle = BpfFs.Open(path);
        // The kernel answers alike for a program or a link, which have no entries.
        string? what = new FileInfo($"/proc/self/fd/{handle.DangerousGetHandle()}").LinkTarget;
        if (what is null || !what.Contains("bpf-map", StringComparison.Ordinal))
        {
            handle.Dispose();
            throw new EbpfException(EbpfError.MapNotFound, $"'{path}' is no pinned map.", "Give a file of a bpffs that a map is pinned as: bpftool -f map show.");
        }
        using HostInventory inventory = new(withHolders: false);
        return inventory.Map(handle, types: null);
    }

    public static EbpfException Missing(string what) => new(EbpfError.MapNotFound, $"No eBPF map has {what}.",
        "List them: Get-EbpfMap. A map goes when no program and no process holds it any more.");

    private static IEnumerable<(string Name, EbpfMap Map)> OfProbes() =>
        SessionProbes.All.SelectMany(probe => probe.Maps.Select(map => (map.Key, map.Value)));
}
