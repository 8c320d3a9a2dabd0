using System.Globalization;

namespace Ebee.Host;

/// <summary>The symbols of the running kernel, its modules and its programs, from /proc/kallsyms.</summary>
internal static class Kallsyms
{
    /// <summary>
    /// They, as they are now. Addresses are 0 without CAP_SYSLOG. Nothing more comes when the file cannot be read.
    /// </summary>
    public static IEnumerable<(ulong Address, char Type, string Name)> Read()
    {
        using StreamReader? lines = Try(static () => new StreamReader("/proc/kallsyms"));
        while (lines is not null && Try(lines.ReadLine) is { } line)
        {
            if (Parse(line) is { } symbol)
            {
                yield return symbol;
            }
        }
    }

    /// <summary>Reads a line: address, type (t and T are code, w and W weak), name, and a module in brackets. Null when it is none.</summary>
    internal static (ulong Address, char Type, string Name)? Parse(string line)
    {
        int type = line.IndexOf(' ', StringComparison.Ordinal) + 1;
        if (type <= 1 || type + 2 >= line.Length || line[type + 1] != ' '
            || !ulong.TryParse(line.AsSpan(0, type - 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address))
        {
            return null;
        }
        int end = line.AsSpan(type + 2).IndexOfAny(' ', '\t');
        return end == 0 ? null : (address, line[type], end < 0 ? line[(type + 2)..] : line.Substring(type + 2, end));
    }

    private static T? Try<T>(Func<T?> read) where T : class
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
