using System.Globalization;

namespace Ebee.Host;

/// <summary>The machine's processors.</summary>
internal static class Processors
{
    /// <summary>The numbers of those that are online.</summary>
    public static IEnumerable<int> Online() => Parse(File.ReadAllText("/sys/devices/system/cpu/online"));

    /// <summary>Reads a list such as 0-3,5.</summary>
    internal static IEnumerable<int> Parse(string list) => list.Trim().Split(',')
        .Select(range => range.Split('-'))
        .SelectMany(ends => Enumerable.Range(Number(ends[0]), Number(ends[^1]) - Number(ends[0]) + 1));

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
