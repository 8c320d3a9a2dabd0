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

    /// <summary>Only maps of these names.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
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

    /// <summary>Gathers what the pipeline gives: most links have no map, and some programs.</summary>
    protected override void ProcessRecord() => _ids.AddRange(MapId ?? []);

    private protected override void List(HostInventory inventory)
    {
        if (MyInvocation.ExpectingInput || ParameterSetName == "Id")
        {
            WriteById(_ids, inventory.Map, Missing);
        }
        else
        {
            WriteByName(inventory.Maps(), Name, map => map.Name, Missing);
        }
    }

    private static EbpfException Missing(string what) => new(EbpfError.MapNotFound, $"No eBPF map has {what}.",
        "List them: Get-EbpfMap. A map goes when no program and no process holds it any more.");
}
