using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes names of the users in /etc/passwd, with id and full name as the tool tip.</summary>
public sealed class UserNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete,
        CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        if (!File.Exists("/etc/passwd"))
        {
            yield break;
        }
        foreach (string[] fields in File.ReadLines("/etc/passwd").Select(line => line.Split(':')).Where(f => f.Length >= 5).OrderBy(f => f[0], StringComparer.Ordinal))
        {
            if (Completions.Match(wordToComplete, fields[0], toolTip: $"{fields[2]} {fields[4]}".Trim()) is { } result)
            {
                yield return result;
            }
        }
    }
}
