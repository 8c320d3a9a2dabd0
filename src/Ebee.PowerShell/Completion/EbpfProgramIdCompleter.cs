using Ebee.Programs;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes ids of programs in the kernel, with their names as the tool tip.</summary>
public sealed class EbpfProgramIdCompleter : InventoryCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Items(HostInventory inventory) =>
        inventory.Programs().Select(p => ($"{p.Id}", p.Name));
}
