using System.Management.Automation;
using Ebee.PowerShell.Completion;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Gets the eBPF links that the kernel holds.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfLink", DefaultParameterSetName = "All")]
[OutputType(typeof(EbpfLink))]
public sealed class GetEbpfLinkCommand : InventoryCommand
{
    private readonly HashSet<uint> _programs = [];
    private readonly HashSet<uint> _links = [];

    /// <summary>The links of these ids.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Id")]
    [ArgumentCompleter(typeof(EbpfLinkIdCompleter))]
    public uint[] Id { get; set; } = [];

    /// <summary>The links of the programs of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "ProgramId", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(EbpfProgramIdCompleter))]
    public uint[] ProgramId { get; set; } = [];

    /// <summary>The links of these programs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Program", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProgram[] Program { get; set; } = [];

    /// <summary>The links of these probes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Probe", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProbe[] Probe { get; set; } = [];

    /// <summary>Gathers what the pipeline gives.</summary>
    protected override void ProcessRecord()
    {
        _programs.UnionWith(ProgramId);
        _programs.UnionWith(Program.Select(program => program.Id));
        _links.UnionWith(Probe.SelectMany(probe => probe.Programs).SelectMany(program => program.LinkId));
    }

    private protected override void List(HostInventory inventory)
    {
        switch (ParameterSetName)
        {
            case "Id":
                WriteById(Id, inventory.Link, Missing);
                break;
            case "All" when !MyInvocation.ExpectingInput:
                WriteObject(inventory.Links(), enumerateCollection: true);
                break;
            default:
                WriteObject(inventory.Links().Where(link => _programs.Contains(link.ProgramId) || _links.Contains(link.Id)), enumerateCollection: true);
                break;
        }
    }

    private static EbpfException Missing(string what) => new(EbpfError.LinkNotFound, $"No eBPF link has {what}.",
        "List them: Get-EbpfLink. A link goes when no process holds it and no file pins it any more.");
}
