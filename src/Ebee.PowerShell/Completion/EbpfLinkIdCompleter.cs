using Ebee.Programs;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes ids of links in the kernel, with their programs as the tool tip.</summary>
public sealed class EbpfLinkIdCompleter : InventoryCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Items(HostInventory inventory) =>
        inventory.Links().Select(l => ($"{l.Id}", l.ProgramName ?? l.Type));
}
