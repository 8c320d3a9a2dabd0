using System.Collections;
using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>Takes PowerShell's wrapping off values that are meant for C types: the library knows nothing of PSObject.</summary>
internal static class PlainValue
{
    private const int DeepestNesting = 64; // far more than any C type has; a hashtable can hold itself

    /// <summary>The value itself; a custom object becomes a dictionary, and so do those within.</summary>
    /// <exception cref="EbpfException">It is nested too deep.</exception>
    public static object? Of(object? value) => Of(value, 0);

    private static object? Of(object? value, int depth) => value switch
    {
        _ when depth > DeepestNesting => throw new EbpfException(EbpfError.InvalidValue, $"The value is nested deeper than {DeepestNesting} levels.",
            "Look whether a hashtable, an object or an array holds itself."),
        PSObject { BaseObject: PSCustomObject } custom => custom.Properties.ToDictionary(p => p.Name, p => Of(p.Value, depth + 1)),
        PSObject wrapped => Of(wrapped.BaseObject, depth + 1),
        IDictionary dictionary => dictionary.Cast<DictionaryEntry>().ToDictionary(e => LanguagePrimitives.ConvertTo<string>(e.Key), e => Of(e.Value, depth + 1)),
        byte[] => value,
        IList list => list.Cast<object?>().Select(item => Of(item, depth + 1)).ToArray(),
        _ => value,
    };
}
