namespace Ebee.Host;

/// <summary>The functions of the running kernel and its modules.</summary>
internal static class KernelFunctions
{
    /// <summary>Their names; empty when /proc/kallsyms cannot be read.</summary>
    public static IEnumerable<string> Names() => Kallsyms.Read().Where(symbol => symbol.Type is 't' or 'T').Select(symbol => symbol.Name);
}
