using System.Globalization;

namespace Ebee.Events;

/// <summary>Durations as people write them.</summary>
public static class Duration
{
    /// <summary>
    /// Reads <c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>1h</c>, <c>2d</c>, <c>00:05:00</c>, or a bare number, which is
    /// seconds.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <exception cref="EbpfException">It is none of these, or negative.</exception>
    public static TimeSpan Parse(string text)
    {
        ReadOnlySpan<char> number = text.AsSpan().Trim();
        int unitStart = number.Length;
        while (unitStart > 0 && char.IsAsciiLetter(number[unitStart - 1]))
        {
            unitStart--;
        }
        double unit = number[unitStart..] switch
        {
            "ms" => 0.001,
            "" or "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86400,
            _ => double.NaN,
        };
        if (double.TryParse(number[..unitStart], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            && value * unit <= TimeSpan.MaxValue.TotalSeconds / 2)
        {
            return TimeSpan.FromSeconds(value * unit);
        }
        if (number.Contains(':') && TimeSpan.TryParse(number, CultureInfo.InvariantCulture, out TimeSpan time) && time >= TimeSpan.Zero)
        {
            return time;
        }
        throw new EbpfException(EbpfError.InvalidArgument, $"'{text}' is no duration.",
            "Give 10s, 5m, 1h, 00:05:00, or a number of seconds.");
    }
}
