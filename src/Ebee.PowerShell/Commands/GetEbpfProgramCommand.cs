using System.Management.Automation;
using Ebee.Maps;
using Ebee.PowerShell.Completion;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Gets the eBPF programs that the kernel holds.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfProgram", DefaultParameterSetName = "Name")]
[OutputType(typeof(EbpfProgram), typeof(EbpfInstruction))]
public sealed class GetEbpfProgramCommand : InventoryCommand, IDisposable
{
    private readonly List<uint> _ids = [];
    private readonly HashSet<uint> _maps = [];
    private ProgramCode? _code;

    /// <summary>The programs of these probes.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Probe", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfProbe[] Probe { get; set; } = [];

    /// <summary>Only programs of these names.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(EbpfProgramNameCompleter))]
    public string[] Name { get; set; } = [];

    // Not Id with an alias: of a piped object, the property with the parameter's own name is taken first.
    /// <summary>The programs of these ids.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(EbpfProgramIdCompleter))]
    public uint[] ProgramId { get; set; } = [];

    /// <summary>The programs that use these maps.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Map", ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public EbpfMap[] Map { get; set; } = [];

    /// <summary>Writes the programs' instructions in place of the programs.</summary>
    [Parameter]
    public SwitchParameter Instruction { get; set; }

    /// <summary>Gathers what the pipeline gives.</summary>
    protected override void ProcessRecord()
    {
        // A struct_ops link has no program: its ProgramId is 0, which is nobody's.
        _ids.AddRange(MyInvocation.ExpectingInput ? ProgramId.Where(id => id != 0) : ProgramId);
        _ids.AddRange(Probe.SelectMany(probe => probe.Programs).Select(program => program.ProgramId));
        _maps.UnionWith(Map.Select(map => map.Id));
    }

    /// <inheritdoc/>
    public void Dispose() => _code?.Dispose();

    private protected override void List(HostInventory inventory)
    {
        if (ParameterSetName == "Name" && !MyInvocation.ExpectingInput)
        {
            WriteByName(inventory.Programs(), Name, program => program.Name, Missing);
            return;
        }
        WriteById(_ids, inventory.Program, Missing);
        if (_maps.Count > 0)
        {
            foreach (EbpfProgram program in inventory.Programs().Where(program => _maps.Overlaps(program.MapId)))
            {
                Write(program);
            }
        }
    }

    private protected override void Write(object? found)
    {
        if (Instruction)
        {
            WriteObject((_code ??= new()).Read((EbpfProgram)found!), enumerateCollection: true);
        }
        else
        {
            WriteObject(found);
        }
    }

    private static EbpfException Missing(string what) => new(EbpfError.ProgramNotFound, $"No eBPF program has {what}.",
        "List them: Get-EbpfProgram. A program goes when nothing holds or links it any more.");
}
