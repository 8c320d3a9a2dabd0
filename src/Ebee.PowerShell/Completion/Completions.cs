using System.Buffers;
using System.Management.Automation;
using System.Management.Automation.Language;
using Ebee.Events;

namespace Ebee.PowerShell.Completion;

/// <summary>
/// Makes completion results that are quoted as the command line needs it. The texts may be another process's: what
/// would end a quotation is doubled, and what the menu shows is escaped.
/// </summary>
internal static class Completions
{
    private static readonly SearchValues<char> Bare =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:-");

    /// <summary>A result when the text starts with what was typed; null when it does not.</summary>
    public static CompletionResult? Match(string typed, string text, string? listItem = null, string? toolTip = null) =>
        text.Length > 0 && text.StartsWith(typed.Trim('\'', '"'), StringComparison.OrdinalIgnoreCase)
            ? new CompletionResult(Quote(text), Shown(listItem, text), CompletionResultType.ParameterValue, Shown(toolTip, text))
            : null;

    private static string Quote(string text) => text.AsSpan().ContainsAnyExcept(Bare) || text[0] == '-'
        ? $"'{CodeGeneration.EscapeSingleQuotedStringContent(text)}'"
        : text;

    private static string Shown(string? chosen, string text) =>
        TerminalText.Escape(string.IsNullOrEmpty(chosen) ? text : chosen);
}
