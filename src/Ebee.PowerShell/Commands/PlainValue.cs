using System.Collections;
using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>Takes PowerShell's wrapping off values that are meant for C types: the library knows nothing of PSObject.</summary>
internal static class PlainValue
{
    /// <summary>The value itself; a custom object becomes a dictionary, and so do those within.</summary>
    public static object? Of(object? value) => value switch
    {
        PSObject { BaseObject: PSCustomObject } custom => custom.Properties.ToDictionary(p => p.Name, p => Of(p.Value)),
        PSObject wrapped => Of(wrapped.BaseObject),
        IDictionary dictionary => dictionary.Cast<DictionaryEntry>().ToDictionary(e => LanguagePrimitives.ConvertTo<string>(e.Key), e => Of(e.Value)),
        byte[] => value,
        IList list => list.Cast<object?>().Select(Of).ToArray(),
        _ => value,
    };
}
