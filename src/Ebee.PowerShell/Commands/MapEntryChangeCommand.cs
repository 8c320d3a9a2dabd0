using System.Management.Automation;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>What the cmdlets have in common that change one entry of a map: it is named by its key, or given as an entry.</summary>
public abstract class MapEntryChangeCommand : MapEntryCommand
{
    /// <summary>The entries, as Get-EbpfMapEntry gives them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Entry", ValueFromPipeline = true)]
    [ValidateNotNull]
    public EbpfMapEntry? Entry { get; set; }

    /// <summary>The key; not for maps that have none, such as queues and stacks.</summary>
    [Parameter(Position = 1, ParameterSetName = "Map", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "PinPath", ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    public object? Key { get; set; }

    /// <summary>The entry that the pipeline gives now; null when entries are named by keys.</summary>
    private protected EbpfMapEntry? Given => ParameterSetName == "Entry" ? Entry : null;

    /// <summary>The given entry, which is taken as its key, or the key.</summary>
    private protected object? GivenKey => Given ?? PlainValue.Of(Key);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Given is { } entry)
        {
            Map = [entry.Map];
        }
        base.ProcessRecord();
    }
}
