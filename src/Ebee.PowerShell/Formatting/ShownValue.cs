using System.Management.Automation;
using Ebee.Btf;
using Ebee.Events;

namespace Ebee.PowerShell.Formatting;

/// <summary>Values of C types as the views show them.</summary>
public static class ShownValue
{
    /// <summary>One harmless line of a value, whether it is live or was read from CLIXML or a job.</summary>
    public static string Of(object? value) =>
        TerminalText.Escape(ValueText.Of(value is PSObject { BaseObject: not PSCustomObject and object plain } ? plain : value));
}
