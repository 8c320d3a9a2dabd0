using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes names of running processes.</summary>
public sealed class ProcessNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters) =>
        RunningProcess.All().Select(p => p.Name).Distinct().Order(StringComparer.Ordinal)
            .Select(name => Completions.Match(wordToComplete, name)).OfType<CompletionResult>();
}
