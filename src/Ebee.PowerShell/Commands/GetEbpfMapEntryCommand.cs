using System.Management.Automation;
using Ebee.Maps;
using Ebee.PowerShell.Formatting;

namespace Ebee.PowerShell.Commands;

/// <summary>Gets the entries of eBPF maps.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfMapEntry", DefaultParameterSetName = "Map")]
[OutputType(typeof(EbpfMapEntry))]
public sealed class GetEbpfMapEntryCommand : MapEntryCommand
{
    /// <summary>The entry of this key alone.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? Key { get; set; }

    /// <summary>Adds up the values of all CPUs.</summary>
    [Parameter]
    public SwitchParameter Sum { get; set; }

    private protected override void Process(MapAccess access)
    {
        StructViews views = new(InvokeCommand);
        views.Prepare(access.Layout.Key);
        views.Prepare(access.Layout.Value);
        if (PlainValue.Of(Key) is { } key)
        {
            WriteObject(access.Get(key, Sum) ?? throw MapErrors.Missing(access.Layout.Map, Btf.ValueText.Of(key)));
            return;
        }
        foreach (EbpfMapEntry entry in access.All(Sum))
        {
            WriteObject(entry);
            if (Stopping)
            {
                return;
            }
        }
    }
}
