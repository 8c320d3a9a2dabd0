using System.Management.Automation;
using Ebee.Btf;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>Removes entries of eBPF maps, and takes the next one out of queues and stacks.</summary>
[Cmdlet(VerbsCommon.Remove, "EbpfMapEntry", DefaultParameterSetName = "Map", SupportsShouldProcess = true)]
[OutputType(typeof(EbpfMapEntry))]
public sealed class RemoveEbpfMapEntryCommand : MapEntryCommand
{
    /// <summary>The entries, as Get-EbpfMapEntry gives them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Entry", ValueFromPipeline = true)]
    [ValidateNotNull]
    public EbpfMapEntry? Entry { get; set; }

    /// <summary>The key; not for queues and stacks.</summary>
    [Parameter(Position = 1, ParameterSetName = "Map", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "PinPath", ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    public object? Key { get; set; }

    /// <summary>Writes the removed entries.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (Entry is { } entry && ParameterSetName == "Entry")
        {
            Map = [entry.Map];
        }
        base.ProcessRecord();
    }

    private protected override void Process(MapAccess access)
    {
        object? key = ParameterSetName == "Entry" ? Entry : PlainValue.Of(Key);
        EbpfMap map = access.Layout.Map;
        if (access.Layout.IsQueue)
        {
            if (ShouldProcess($"{map}", "Take the next value out"))
            {
                Write(access.Pop() ?? throw MapErrors.Empty(map));
            }
            return;
        }
        if (key is null)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"A key is missing for the map {map}.", "Give it with -Key; or remove all entries with Clear-EbpfMap.");
        }
        string name = ValueText.Of(key is EbpfMapEntry given ? given.Key : key);
        if (ShouldProcess($"{map}", $"Remove the entry {name}"))
        {
            EbpfMapEntry? removed = key as EbpfMapEntry ?? (PassThru ? access.Get(key) : null);
            if (!access.Remove(key))
            {
                throw MapErrors.Missing(map, name);
            }
            Write(removed);
        }
    }

    private void Write(EbpfMapEntry? entry)
    {
        if (PassThru && entry is not null)
        {
            WriteObject(entry);
        }
    }
}
