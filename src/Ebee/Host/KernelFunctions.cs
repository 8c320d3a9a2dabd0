namespace Ebee.Host;

/// <summary>The functions of the running kernel and its modules, from /proc/kallsyms.</summary>
internal static class KernelFunctions
{
    /// <summary>Their names; empty when /proc/kallsyms cannot be read.</summary>
    public static IEnumerable<string> Names()
    {
        IEnumerator<string> lines;
        try
        {
            lines = File.ReadLines("/proc/kallsyms").GetEnumerator();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            yield break;
        }
        using (lines)
        {
            while (lines.MoveNext())
            {
                // address, type (t and T are code), name, and a module in brackets
                string line = lines.Current;
                int type = line.IndexOf(' ', StringComparison.Ordinal) + 1;
                if (type > 0 && type + 2 < line.Length && line[type] is 't' or 'T')
                {
                    int end = line.IndexOf('\t', type + 2);
                    yield return end < 0 ? line[(type + 2)..] : line[(type + 2)..end];
                }
            }
        }
    }
}
