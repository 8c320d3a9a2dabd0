using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Events;
using Ebee.Programs;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes what the kernel holds; nothing where it may not be listed.</summary>
public abstract class InventoryCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            using HostInventory inventory = new(withHolders: false);
            return [.. Items(inventory).Distinct()
                .Select(item => Completions.Match(wordToComplete, item.Text,
                    item.ToolTip.Length > 0 ? TerminalText.Escape($"{item.Text} ({item.ToolTip})") : TerminalText.Escape(item.Text),
                    TerminalText.Escape(item.ToolTip)))
                .OfType<CompletionResult>()];
        }
        catch (EbpfException)
        {
            return []; // a completer has no way to say why
        }
    }

    /// <summary>What there is, and what to show with it.</summary>
    private protected abstract IEnumerable<(string Text, string ToolTip)> Items(HostInventory inventory);
}
