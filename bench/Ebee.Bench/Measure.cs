namespace Ebee.Bench;

/// <summary>One line of the report.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Ebee">Ebee's figure, with its unit.</param>
/// <param name="Other">The other's figure and who that is.</param>
/// <param name="Ratio">Ebee's to the other's.</param>
/// <param name="Target">The ratio asked for.</param>
/// <param name="AtLeast">Whether the ratio has to reach the target; else it may not pass it.</param>
internal sealed record Measure(string Name, string Ebee, string Other, double Ratio, double Target, bool AtLeast = false)
{
    public bool IsMet => AtLeast ? Ratio >= Target : Ratio <= Target;
}

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The median and, around it, half of the values: "1.23 (1.20–1.27)".</summary>
    public static string Spread(IReadOnlyCollection<double> values, string format)
    {
        double[] sorted = [.. values.Order()];
        return $"{Median(sorted).ToString(format)} ({sorted[sorted.Length / 4].ToString(format)}–{sorted[sorted.Length * 3 / 4].ToString(format)})";
    }
}
