using System.Management.Automation;
using Ebee.Btf;
using Ebee.Events;

namespace Ebee.PowerShell.Formatting;

/// <summary>An array whose text is its elements: what Export-Csv writes of it. Strings are quoted as a shell reads them.</summary>
internal sealed class ArrayValue(Array array) : PSObject(array)
{
    public override string ToString() => BaseObject switch
    {
        string[] texts => ShellQuoting.Join(texts),
        byte[] bytes => Convert.ToHexStringLower(bytes),
        _ => string.Join(' ', ((Array)BaseObject).Cast<object?>().Select(ValueText.Of)),
    };
}
