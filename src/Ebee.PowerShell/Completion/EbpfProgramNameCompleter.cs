using Ebee.Programs;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes names of programs in the kernel.</summary>
public sealed class EbpfProgramNameCompleter : InventoryCompleter
{
    private protected override IEnumerable<(string Text, string ToolTip)> Items(HostInventory inventory) =>
        inventory.Programs().Select(p => p.Name).Where(name => name.Length > 0).Order(StringComparer.Ordinal).Select(name => (name, ""));
}
