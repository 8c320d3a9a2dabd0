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
        LibC.TimeSpec boot, real;
        _ = LibC.clock_gettime(LibC.ClockBoottime, &boot);
        _ = LibC.clock_gettime(LibC.ClockRealtime, &real);
        return DateTime.UnixEpoch.Ticks + Ticks(real) - Ticks(boot);
    }

    /// <summary>The local time of a boot-clock stamp.</summary>
    public static DateTimeOffset ToLocalTime(long bootUtcTicks, ulong nanoseconds) =>
        new DateTimeOffset(bootUtcTicks + (long)(nanoseconds / 100), TimeSpan.Zero).ToLocalTime();

    private static long Ticks(in LibC.TimeSpec time) => time.Seconds * TimeSpan.TicksPerSecond + time.Nanoseconds / 100;
}
