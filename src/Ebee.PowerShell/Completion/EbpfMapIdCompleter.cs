using Ebee.Programs;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes ids of maps in the kernel, with their names as the tool tip.</summary>
public sealed class EbpfMapIdCompleter : InventoryCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Items(HostInventory inventory) =>
        inventory.Maps().Select(m => ($"{m.Id}", m.Name));
}
