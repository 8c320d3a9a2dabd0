using System.Management.Automation;
using Ebee.Btf;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>Sets entries of eBPF maps, and adds to queues, stacks and bloom filters.</summary>
[Cmdlet(VerbsCommon.Set, "EbpfMapEntry", DefaultParameterSetName = "Map", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class SetEbpfMapEntryCommand : MapEntryCommand
{
    /// <summary>The key; not for queues, stacks and bloom filters.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [AllowNull]
    public object? Key { get; set; }

    /// <summary>The value.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNull]
    public object? Value { get; set; }

    private protected override void Process(MapAccess access)
    {
        object? key = PlainValue.Of(Key);
        if (ShouldProcess($"{access.Layout.Map}", key is null ? "Add a value" : $"Set the entry {ValueText.Of(key)}"))
        {
            access.Set(key, PlainValue.Of(Value));
        }
    }
}
