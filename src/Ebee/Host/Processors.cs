using System.Globalization;

namespace Ebee.Host;

/// <summary>The machine's processors.</summary>
internal static class Processors
{
    /// <summary>The numbers of those that are online.</summary>
    public static IEnumerable<int> Online() => Parse(File.ReadAllText("/sys/devices/system/cpu/online"));

    /// <summary>Reads a list such as 0-3,5.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    internal static IEnumerable<int> Parse(string list)
    {
        foreach (string range in list.Trim().Split(','))
        {
            string[] ends = range.Split('-');
            if (ends.Length > 2 || !TryParse(ends[0], out int first) || !TryParse(ends[^1], out int last))
            {
                throw new InvalidDataException($"'{range}' is no range of processors.");
            }
            for (int cpu = first; cpu <= last; cpu++)
            {
                yield return cpu;
            }
        }
    }

    // The kernel has up to 8192.
    private static bool TryParse(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= ushort.MaxValue;
}
