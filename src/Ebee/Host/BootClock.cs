using Ebee.Native;

namespace Ebee.Host;

/// <summary>Turns the kernel's boot clock, which counts a suspend too, into the time of day.</summary>
internal static unsafe class BootClock
{
    /// <summary>
    /// The time of day at boot as ticks (100 ns) of UTC, by the clocks as they stand now: it moves when the time of
    /// day is stepped.
    /// </summary>
    public static long BootUtcTicks()
    {
        const int Attempts = 5;
        const long CloseTicks = 200; // 20 µs
        LibC.TimeSpec boot, real, after;
        for (int attempt = 1; ; attempt++)
        {
            _ = LibC.clock_gettime(LibC.ClockBoottime, &boot);
            _ = LibC.clock_gettime(LibC.ClockRealtime, &real);
            _ = LibC.clock_gettime(LibC.ClockBoottime, &after);
            // Another process may have run in between.
            if (Ticks(after) - Ticks(boot) < CloseTicks || attempt == Attempts)
            {
                return DateTime.UnixEpoch.Ticks + Ticks(real) - (Ticks(boot) + Ticks(after)) / 2;
            }
        }
    }

    /// <summary>The local time of a boot-clock stamp.</summary>
    public static DateTimeOffset ToLocalTime(long bootUtcTicks, ulong nanoseconds) =>
        new DateTimeOffset(bootUtcTicks + (long)(nanoseconds / 100), TimeSpan.Zero).ToLocalTime();

    /// <summary>CLOCK_MONOTONIC's number.</summary>
    public const int Monotonic = 1;

    /// <summary>CLOCK_MONOTONIC, which perf events can be stamped with.</summary>
    public static ulong MonotonicNanoseconds()
    {
        LibC.TimeSpec time;
        _ = LibC.clock_gettime(Monotonic, &time);
        return (ulong)time.Seconds * 1_000_000_000 + (ulong)time.Nanoseconds;
    }

    private static long Ticks(in LibC.TimeSpec time) => time.Seconds * TimeSpan.TicksPerSecond + time.Nanoseconds / 100;
}
