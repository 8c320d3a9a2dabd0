using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Host;
using Ebee.Host.Features;
using Ebee.PowerShell.Commands;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes names of features, of the categories that were chosen.</summary>
public sealed class EbpfFeatureNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        try
        {
            using FeatureProbe probe = new();
            return [.. Categories(fakeBoundParameters[nameof(GetEbpfFeatureCommand.Category)])
                .SelectMany(probe.Questions).DistinctBy(question => question.Name)
                .Select(question => Completions.Match(wordToComplete ?? "", question.Name, toolTip: $"{question.Name} ({question.Category})"))
                .OfType<CompletionResult>()];
        }
        catch (EbpfException)
        {
            return []; // a completer has no way to say why
        }
    }

    private static EbpfFeatureCategory[] Categories(object? chosen) => LanguagePrimitives.TryConvertTo(chosen, out EbpfFeatureCategory[] categories)
        && categories is { Length: > 0 } ? categories : Enum.GetValues<EbpfFeatureCategory>();
}
