using System.Collections;

namespace Ebee.Btf;

/// <summary>Values of C types in one line, for tables and texts.</summary>
public static class ValueText
{
    private const int MostElements = 64; // what is longer is of no use in a line

    /// <summary>Bytes as hexadecimal digits, arrays in brackets, a struct or a dictionary as C writes it; empty for null.</summary>
    public static string Of(object? value) => value switch
    {
        byte[] bytes => Convert.ToHexStringLower(bytes.AsSpan(0, Math.Min(bytes.Length, MostElements))) + (bytes.Length > MostElements ? "…" : ""),
        IDictionary fields => $"{{ {string.Join(", ", fields.Cast<DictionaryEntry>().Select(field => $"{field.Key} = {Of(field.Value)}"))} }}",
        IList items => $"[{string.Join(", ", items.Cast<object?>().Take(MostElements).Select(Of))}{(items.Count > MostElements ? ", …" : "")}]",
        _ => $"{value}",
    };
}
