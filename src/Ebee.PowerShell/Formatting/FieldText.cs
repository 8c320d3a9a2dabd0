using Ebee.Btf;
using Ebee.Events;

namespace Ebee.PowerShell.Formatting;

/// <summary>What a view shows of a field that is no number.</summary>
public static class FieldText
{
    /// <summary>Text as it can be printed to a terminal, arrays with their elements, bytes in hexadecimal.</summary>
    /// <param name="value">The field's value.</param>
    public static string Of(object? value) => value is null ? "" : TerminalText.Escape(ValueText.Of(value is System.Management.Automation.PSObject wrapped ? wrapped.BaseObject : value));
}
