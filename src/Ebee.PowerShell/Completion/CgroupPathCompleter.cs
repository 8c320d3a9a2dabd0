using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes cgroups.</summary>
public sealed class CgroupPathCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Cgroups.All()
            .Select(item => Completions.Match(wordToComplete, item)).OfType<CompletionResult>();
}
