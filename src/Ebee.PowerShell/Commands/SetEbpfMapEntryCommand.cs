using System.Management.Automation;
using Ebee.Btf;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>Sets entries of eBPF maps, and adds to queues, stacks and bloom filters.</summary>
[Cmdlet(VerbsCommon.Set, "EbpfMapEntry", DefaultParameterSetName = "Map", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SetEbpfMapEntryCommand : MapEntryChangeCommand
{
    /// <summary>The value; of an entry that is given, the one that it had when there is none.</summary>
    [Parameter(Mandatory = true, Position = 2, ParameterSetName = "Map", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "Name", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "Id", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "PinPath", ValueFromPipelineByPropertyName = true)]
    [Parameter(ParameterSetName = "Entry")]
    [ValidateNotNull]
    public object? Value { get; set; }

    private protected override void Process(MapAccess access)
    {
        object? key = GivenKey;
        object? value = PlainValue.Of(Value) ?? Given?.Values ?? Given?.Value;
        string? name = key is EbpfMapEntry entry ? ValueText.Of(entry.Key) : key is null ? null : ValueText.Of(key);
        if (ShouldProcess($"{access.Layout.Map}", name is null ? "Add a value" : $"Set the entry {name}"))
        {
            access.Set(key, value);
        }
    }
}
