using Ebee.Btf;
using Ebee.Maps;
using Ebee.Native;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Maps of events that are no probe's of this session. A ring has one place up to which it is read, a perf event array one
/// buffer for each CPU: who reads it takes the events from whoever else does.
/// </summary>
internal static class ForeignMap
{
    /// <summary>A map by the kernel's id. Needs CAP_SYS_ADMIN.</summary>
    public static EbpfMap Find(uint id)
    {
        using HostInventory inventory = new();
        return inventory.Map(id) ?? throw NotThere($"No eBPF map has the id {id}.");
    }

    /// <summary>Opens one by what it was listed as. Needs CAP_SYS_ADMIN.</summary>
    public static ProbeEvents Open(EbpfMap map, bool isAllowed)
    {
        using SafeFileHandle handle = KernelObjects.Maps.Open(map.Id) ?? throw NotThere($"The map {map} is not there any more.");
        return Open(map, handle, isAllowed);
    }

    /// <summary>Opens one by its file under bpffs.</summary>
    public static ProbeEvents OpenPin(string path, bool isAllowed)
    {
        using SafeFileHandle handle = BpfFs.Open(path);
        using HostInventory inventory = new(withHolders: false);
        return Open(inventory.Map(handle, types: null), handle, isAllowed);
    }

    private static ProbeEvents Open(EbpfMap map, SafeFileHandle handle, bool isAllowed)
    {
        if (!isAllowed)
        {
            throw new EbpfException(EbpfError.EventsBusy, $"The map {map} belongs to no probe of this session: reading it would take its events from whoever reads them now.",
                "If that is wanted: -Force.");
        }
        EventBuffer buffer = EventBuffer.Of(map.Name, map, (int)handle.DangerousGetHandle())
            ?? throw new EbpfException(EbpfError.InvalidArgument, $"The map {map} has no events: it is of the type {map.Type}.",
                "Give a map of the type ringbuf or perf_event_array: Get-EbpfMap | Where-Object Type -in ringbuf, perf_event_array.");
        return new ProbeEvents(map.Name.Length > 0 ? map.Name : $"{map.Id}", [buffer], () => TypesOfUsers(map.Id));
    }

    // Those of the programs that use it: a ring's own BTF libbpf does not give to the kernel.
    private static List<BtfBlob> TypesOfUsers(uint id)
    {
        using HostInventory inventory = new(withHolders: false);
        return [.. inventory.Programs().Where(program => program.MapId.Contains(id)).Select(program => program.BtfId).OfType<uint>().Distinct()
            .Select(LoadedBtf.OfId).OfType<BtfBlob>()];
    }

    private static EbpfException NotThere(string message) => new(EbpfError.MapNotFound, message, "List them: Get-EbpfMap.");
}
