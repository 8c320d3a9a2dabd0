using System.Text;
using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>
/// LLVM's intermediate code of a source without SEC(): which functions are programs is seen only here, where it is known who
/// calls whom. A static function, and one that another calls, stays in .text, where libbpf looks for functions that are called.
/// </summary>
internal static partial class IntermediateCode
{
    /// <summary>Puts the programs into a section.</summary>
    /// <param name="code">What clang -S -emit-llvm gave.</param>
    /// <param name="section">The section, as in SEC().</param>
    /// <param name="count">How many programs there are.</param>
    public static string PlacePrograms(string code, string section, out int count)
    {
        HashSet<string> used = [];
        foreach (string line in code.Split('\n').Where(line => !Definition().IsMatch(line) && !line.StartsWith("@llvm.", StringComparison.Ordinal)))
        {
            used.UnionWith(Symbol().Matches(line).Select(match => match.Value));
        }
        string placed = $" section \"{Escape(section)}\"";
        int programs = 0;
        string result = Definition().Replace(code, match =>
        {
            if (used.Contains(match.Groups["name"].Value))
            {
                return match.Value;
            }
            programs++;
            return match.Groups["head"].Value + placed + match.Groups["tail"].Value;
        });
        count = programs;
        return result;
    }

    // As in LLVM's strings: \XX for what is not plain.
    private static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (byte b in Encoding.UTF8.GetBytes(text))
        {
            escaped.Append(b is >= 0x20 and < 0x7f and not ((byte)'"' or (byte)'\\') ? ((char)b).ToString() : $"\\{b:X2}");
        }
        return escaped.ToString();
    }

    // Functions seen from outside: between define and the type of an internal or weak one stands another word.
    [GeneratedRegex("""^(?<head>define (?:dso_local |hidden |protected |noundef |signext |zeroext |noalias |nonnull )*(?!internal|private|weak|linkonce|available_externally)[^@\n]*(?<name>@(?:[\w.$-]+|"[^"\n]+"))\([^\n]*?)(?<tail>(?: ![a-z]+ !\d+)* \{)$""", RegexOptions.Multiline)]
    private static partial Regex Definition();

    [GeneratedRegex("""@(?:[\w.$-]+|"[^"\n]+")""")]
    private static partial Regex Symbol();
}
