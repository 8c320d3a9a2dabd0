using Ebee.Maps;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>
/// Maps whose definition says LIBBPF_PIN_BY_NAME: pinned by their names under /sys/fs/bpf, where the next object finds them. Where others
/// could put another map there, an object has its own, and a warning says so.
/// </summary>
internal sealed class SharedMaps
{
    private readonly List<(string Map, string Path)> _new = [];

    /// <summary>The maps that are not shared, and why.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Has the object use those that are there already. Before the load.</summary>
    /// <exception cref="EbpfException">One that is there is made otherwise.</exception>
    public void Prepare(OpenedObject opened, ProbeOptions options)
    {
        foreach ((string map, string path) in opened.PinPaths.Where(pin => !options.ReuseMap.ContainsKey(pin.Key) && !options.MapPin.ContainsKey(pin.Key)))
        {
            try
            {
                BpfFs.CheckPlace(path);
                using PinFolder folder = PinFolder.Open(Path.GetDirectoryName(path)!);
                string name = Path.GetFileName(path);
                if (!folder.Names.Contains(name))
                {
                    _new.Add((map, path));
                    continue;
                }
                folder.CheckTrust(name);
                using SafeFileHandle handle = folder.OpenPin(name);
                using HostInventory inventory = new(withHolders: false);
                CheckAlike(opened, map, inventory.Map(handle, types: null), path);
                opened.ReuseMap(map, handle);
            }
            catch (EbpfException e) when (e.Error is EbpfError.FileUntrusted or EbpfError.BpffsNotMounted or EbpfError.PermissionDenied)
            {
                Warnings.Add($"The map {map} is to be shared as '{path}' (LIBBPF_PIN_BY_NAME), and is the probe's own: {e.Message}");
            }
        }
    }

    /// <summary>Pins those that were not there. They stay when the probe is stopped.</summary>
    /// <returns>What removes each again.</returns>
    public IEnumerable<Action> Pin(LoadedObject loaded) => _new.Select(pin => ProbePins.PinMap(loaded.Map(pin.Map).Fd, pin.Path));

    private static void CheckAlike(OpenedObject opened, string name, EbpfMap existing, string path)
    {
        opened.TakeStackSize(name, existing);
        BpfMap own = opened.Map(name);
        if ((own.TypeName, (uint)own.KeySize, (uint)own.ValueSize, own.MaxEntries) != (existing.Type, existing.KeySize, existing.ValueSize, existing.MaxEntries))
        {
            throw new EbpfException(EbpfError.MapFailed, $"The map {name} is to be shared as '{path}' (LIBBPF_PIN_BY_NAME), and what is pinned there is another: of the type {existing.Type}, with keys of " +
                $"{existing.KeySize} and values of {existing.ValueSize} bytes and {existing.MaxEntries} entries; {name} is of the type {own.TypeName ?? $"{own.Type}"}, with {own.KeySize}, {own.ValueSize} and {own.MaxEntries}.",
                $"Remove that, if nothing needs it: rm '{path}'; or pin this one elsewhere: -MapPin @{{ {name} = '{path}_2' }}.");
        }
    }
}
