using System.Management.Automation;
using Ebee.Maps;
using Ebee.PowerShell.Completion;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Gets the eBPF maps that the kernel holds.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfMap", DefaultParameterSetName = "Name")]
[OutputType(typeof(EbpfMap))]
public sealed class GetEbpfMapCommand : InventoryCommand
{
    private readonly List<uint> _ids = [];

    /// <summary>The maps of these probes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Probe", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProbe[] Probe { get; set; } = [];

    /// <summary>Only maps of these names.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [Parameter(Position = 0, ParameterSetName = "Probe")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EbpfMapNameCompleter))]
    public string[] Name { get; set; } = [];

    // Not Id with an alias: of a piped program, whose Id is another thing, MapId is taken first.
    /// <summary>The maps of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [AllowNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(EbpfMapIdCompleter))]
    public uint[]? MapId { get; set; }

    /// <summary>The maps that are pinned as these files of a bpffs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "PinPath")]
    [ValidateNotNullOrEmpty]
    [ValidatePath]
    public string[] PinPath { get; set; } = [];

    /// <summary>Gathers what the pipeline gives: most links have no map, and some programs.</summary>
    protected override void ProcessRecord()
    {
        _ids.AddRange(MapId ?? []);
        foreach (EbpfProbe probe in Probe)
        {
            // The kernel cuts names; here they are whole.
            WriteByName(probe.Maps.Values, Name, map => probe.Maps.First(item => item.Value == map).Key, what => MissingIn(probe, what));
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (ParameterSetName == "PinPath")
        {
            foreach (string path in PinPath)
            {
                try
                {
                    WriteObject(MapSelection.ByPin(GetUnresolvedProviderPathFromPSPath(path)));
                }
                catch (EbpfException e)
                {
                    WriteError(EbpfErrorRecord.From(e, path));
                }
            }
        }
        else if (ParameterSetName != "Probe")
        {
            base.EndProcessing();
        }
    }

    private protected override void List(HostInventory inventory)
    {
        if (MyInvocation.ExpectingInput || ParameterSetName == "Id")
        {
            WriteById(_ids, inventory.Map, MapSelection.Missing);
        }
        else
        {
            WriteByName(inventory.Maps(), Name, map => map.Name, MapSelection.Missing);
        }
    }

    private static EbpfException MissingIn(EbpfProbe probe, string what) => new(EbpfError.MapNotFound, $"The probe {probe} has no map with {what}.",
        $"It has: {string.Join(", ", probe.Maps.Keys.Order(StringComparer.Ordinal))}.");
}
