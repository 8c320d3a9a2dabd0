using System.Management.Automation;
using Ebee.Maps;

namespace Ebee.PowerShell.Commands;

/// <summary>Removes all entries of eBPF maps; those of arrays become zero.</summary>
[Cmdlet(VerbsCommon.Clear, "EbpfMap", DefaultParameterSetName = "Map", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class ClearEbpfMapCommand : MapEntryCommand
{
    private protected override void Process(MapAccess access)
    {
        if (ShouldProcess($"{access.Layout.Map}", access.Layout.IsArray ? "Set all entries to zero" : "Remove all entries"))
        {
            access.Clear();
        }
    }
}
