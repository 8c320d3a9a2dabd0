using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes tracepoints as category:name, also from the name alone. Empty for who may not read tracefs.</summary>
public sealed class TracepointNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        string typed = (wordToComplete ?? "").Trim('\'', '"');
        string[] names = [];
        try
        {
            names = Tracepoints.Names(Tracefs.Folder());
        }
        catch (EbpfException)
        {
            // Not for this user: there is nothing to offer. The cmdlet itself says why.
        }
        foreach (string full in names)
        {
            string name = full[(full.IndexOf(':', StringComparison.Ordinal) + 1)..];
            bool isNameAlone = typed.Length > 0 && name.StartsWith(typed, StringComparison.OrdinalIgnoreCase);
            if (Completions.Match(isNameAlone ? "" : typed, full) is { } result)
            {
                yield return result;
            }
        }
    }
}
