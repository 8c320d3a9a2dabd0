using System.Buffers;
using System.Management.Automation;

namespace Ebee.PowerShell.Completion;

/// <summary>Makes completion results that are quoted as the command line needs it.</summary>
internal static class Completions
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(" `'\"$@#&|;<>(){}[],");

    /// <summary>A result when the text starts with what was typed; null when it does not.</summary>
    public static CompletionResult? Match(string typed, string text, string? listItem = null, string? toolTip = null) =>
        text.StartsWith(typed.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase)
            ? new CompletionResult(Quote(text), listItem ?? text, CompletionResultType.ParameterValue, toolTip is { Length: > 0 } ? toolTip : text)
            : null;

    private static string Quote(string text) => text.AsSpan().IndexOfAny(NeedsQuotes) >= 0
        ? $"'{text.Replace("'", "''", StringComparison.Ordinal)}'"
        : text;
}
