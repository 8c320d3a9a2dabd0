using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>The one place where a name with wildcards becomes a pattern.</summary>
internal static class NamePattern
{
    /// <summary>The pattern; null when it is none, which is an error that does not end the cmdlet.</summary>
    public static WildcardPattern? TryOf(Cmdlet cmdlet, string name)
    {
        try
        {
            return Of(name);
        }
        catch (EbpfException e)
        {
            cmdlet.WriteError(EbpfErrorRecord.From(e, name));
            return null;
        }
    }

    /// <summary>The pattern; letters are alike in both cases.</summary>
    /// <exception cref="EbpfException">It is none: a bracket is left open, or has no set of characters.</exception>
    public static WildcardPattern Of(string name)
    {
        WildcardPattern pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase | WildcardOptions.CultureInvariant);
        try
        {
            _ = pattern.IsMatch(""); // it is parsed when it is first used
            return pattern;
        }
        catch (WildcardPatternException e)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"The name '{name}' is no pattern: its brackets hold no set of characters.",
                $"For a bracket that is meant as itself, write a backtick before it: '{name.Replace("'", "''", StringComparison.Ordinal).Replace("[", "`[", StringComparison.Ordinal)}'.", inner: e);
        }
    }
}
