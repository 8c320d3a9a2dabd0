using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes ids of running processes, with the command line as the tool tip.</summary>
public sealed class ProcessIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        foreach (RunningProcess process in RunningProcess.All().OrderBy(p => p.Id))
        {
            string id = process.Id.ToString(CultureInfo.InvariantCulture);
            if (Completions.Match(wordToComplete, id, $"{id} ({process.Name})", process.CommandLine) is { } result)
            {
                yield return result;
            }
        }
    }
}
