using Ebee.Btf;
using Ebee.Maps;
using Ebee.Programs;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Events;

/// <summary>
/// Maps of events that are no probe's of this session. A ring has one place up to which it is read, a perf event array one
/// buffer for each CPU: who reads it takes the events from whoever else does.
/// </summary>
internal static class ForeignMap
{
    /// <summary>Opens one.</summary>
    /// <param name="map">As it was listed: without a descriptor of it this needs CAP_SYS_ADMIN.</param>
    /// <param name="isAllowed">Whether its events may be taken.</param>
    public static ProbeEvents Open(EbpfMap map, bool isAllowed)
    {
        if (!isAllowed)
        {
            throw new EbpfException(EbpfError.EventsBusy, $"The map {map} belongs to no probe of this session: reading it would take its events from whoever reads them now.",
                "If that is wanted: -Force.");
        }
        using SafeFileHandle handle = map.Open();
        EventBuffer buffer = EventBuffer.Of(map.Name, map, handle)
            ?? throw new EbpfException(EbpfError.InvalidArgument, $"The map {map} has no events: it is of the type {map.Type}.",
                "Give a map of the type ringbuf or perf_event_array: Get-EbpfMap | Where-Object Type -in ringbuf, perf_event_array.");
        return new ProbeEvents(map.Name.Length > 0 ? map.Name : $"{map.Id}", [buffer], () => TypesOfUsers(map.Id));
    }

    // Those of the programs that use it: a ring's own BTF libbpf does not give to the kernel.
    private static List<BtfBlob> TypesOfUsers(uint id)
    {
        using HostInventory inventory = new(withHolders: false);
        return [.. inventory.Programs().Where(program => program.MapId.Contains(id)).Select(program => program.BtfId).OfType<uint>().Distinct()
            .Select(KernelBlobs.Of).OfType<BtfBlob>()];
    }
}
