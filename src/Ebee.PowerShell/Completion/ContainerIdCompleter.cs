using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes ids of running containers.</summary>
public sealed class ContainerIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Cgroups.All().Select(CgroupName.ContainerId).OfType<string>().Distinct()
            .Select(item => Completions.Match(wordToComplete, item)).OfType<CompletionResult>();
}
