using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes from a list that is read when it is asked for; what cannot be read completes to nothing.</summary>
public abstract class ListCompleter : IArgumentCompleter
{
    private const int MaxResults = 1000; // a menu of more is of no use, and the kernel has 100,000 functions

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            return [.. Items(fakeBoundParameters).Select(item => Completions.Match(wordToComplete ?? "", item)).OfType<CompletionResult>()
                .DistinctBy(result => result.CompletionText).Take(MaxResults).OrderBy(result => result.CompletionText, StringComparer.Ordinal)];
        }
        catch (EbpfException)
        {
            return []; // a completer has no way to say why
        }
    }

    /// <summary>What there is.</summary>
    /// <param name="bound">The parameters typed so far.</param>
    private protected abstract IEnumerable<string> Items(IDictionary bound);
}
