using Ebee.Programs;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes names of maps in the kernel.</summary>
public sealed class EbpfMapNameCompleter : InventoryCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Items(HostInventory inventory) =>
        inventory.Maps().Select(m => m.Name).Where(name => name.Length > 0).Order(StringComparer.Ordinal).Select(name => (name, ""));
}
