using System.Globalization;

namespace Ebee.Host;

/// <summary>
/// What the trace's clock showed at a time of day. That clock runs at its own rate (the default one, local, is not
/// corrected by NTP and may stand still in a suspend), so it is compared again and again while a stream runs.
/// </summary>
/// <param name="Stamp">What it showed; NaN when it cannot be told.</param>
/// <param name="UtcTicks">When.</param>
/// <param name="IsTime">Whether it counts seconds.</param>
internal readonly record struct TraceClock(double Stamp, long UtcTicks, bool IsTime)
{
    /// <summary>No clock.</summary>
    public static readonly TraceClock None = new(double.NaN, 0, false);

    /// <summary>Looks at both clocks. The kernel writes its own into the statistics of each processor's buffer.</summary>
    public static TraceClock Now(string tracefs)
    {
        if (Name(tracefs) == "uptime")
        {
            return None; // it counts hundredths of a second, and writes them as if they were nanoseconds
        }
        TraceClock best = None;
        long bestTook = long.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long before = DateTime.UtcNow.Ticks;
            string statistics = Tracefs.Read(Path.Combine(tracefs, "per_cpu", "cpu0", "stats"));
            long took = DateTime.UtcNow.Ticks - before;
            if (took < bestTook)
            {
                best = Parse(statistics, before + took / 2);
                bestTook = took;
            }
        }
        return best;
    }

    /// <summary>The clock's name, such as local.</summary>
    public static string Name(string tracefs)
    {
        string clocks = Tracefs.Read(Path.Combine(tracefs, "trace_clock"));
        int open = clocks.IndexOf('[', StringComparison.Ordinal), close = clocks.IndexOf(']', StringComparison.Ordinal);
        return open >= 0 && close > open ? clocks[(open + 1)..close] : "";
    }

    /// <summary>The local time of a stamp; null when the clock counts no time.</summary>
    public DateTimeOffset? ToTime(double stamp)
    {
        // Only the difference is a double: ticks since the year 1 are more than one holds.
        double ticks = (stamp - Stamp) * TimeSpan.TicksPerSecond;
        return IsTime && ticks + UtcTicks > 0 && ticks < DateTime.MaxValue.Ticks - TimeSpan.TicksPerDay - UtcTicks
            ? new DateTimeOffset(UtcTicks + (long)Math.Round(ticks), TimeSpan.Zero).ToLocalTime()
            : null;
    }

    internal static TraceClock Parse(string statistics, long utcTicks)
    {
        foreach (string line in statistics.Split('\n'))
        {
            if (line.StartsWith("now ts:", StringComparison.Ordinal)
                && double.TryParse(line.AsSpan(7).Trim(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double stamp))
            {
                return new TraceClock(stamp, utcTicks, line.Contains('.', StringComparison.Ordinal));
            }
        }
        return None;
    }
}
