using System.Management.Automation;
using Ebee.Btf;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>Sets entries of eBPF maps, and adds to queues, stacks and bloom filters.</summary>
[Cmdlet(VerbsCommon.Set, "EbpfMapEntry", DefaultParameterSetName = "Map", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SetEbpfMapEntryCommand : MapEntryCommand
{
    /// <summary>The entries, as Get-EbpfMapEntry gives them: each gets the value, or the one that it had.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Entry", ValueFromPipeline = true)]
    [ValidateNotNull]
    public EbpfMapEntry? Entry { get; set; }

    /// <summary>The key; not for queues, stacks and bloom filters.</summary>
    [Parameter(Position = 1, ParameterSetName = "Map", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "PinPath", ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    public object? Key { get; set; }

    /// <summary>The value.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = "Map", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "PinPath", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Entry")]
    [ValidateNotNull]
    public object? Value { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Entry")
        {
            Map = [Entry!.Map];
        }
        base.ProcessRecord();
    }

    private protected override void Process(MapAccess access)
    {
        object? key = ParameterSetName == "Entry" ? Entry : PlainValue.Of(Key);
        object? value = ParameterSetName == "Entry" ? PlainValue.Of(Value) ?? Entry!.Values ?? Entry.Value : PlainValue.Of(Value);
        string? name = key is EbpfMapEntry entry ? ValueText.Of(entry.Key) : key is null ? null : ValueText.Of(key);
        if (ShouldProcess($"{access.Layout.Map}", name is null ? "Add a value" : $"Set the entry {name}"))
        {
            access.Set(key, value);
        }
    }
}
