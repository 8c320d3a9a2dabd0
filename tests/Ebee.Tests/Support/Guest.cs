namespace Ebee.Tests.Support;

/// <summary>The machine that tests/kernels emulates.</summary>
internal static class Guest
{
    /// <summary>Whether the tests run in it.</summary>
    public static bool IsHere { get; } = File.ReadAllText("/proc/cmdline").Contains("ebee.guest=1", StringComparison.Ordinal);

    /// <summary>How often something is repeated: there, where all takes thirty times as long, a twentieth.</summary>
    public static int Times(int count) => IsHere ? count / 20 : count;

    /// <summary>How long something may take, in whatever unit: there, thirty times as long.</summary>
    public static long Limit(long time) => IsHere ? 30 * time : time;

    /// <summary>How long something may take.</summary>
    public static TimeSpan Limit(TimeSpan time) => IsHere ? 30 * time : time;
}
