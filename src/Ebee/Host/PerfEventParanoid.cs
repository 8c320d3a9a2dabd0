using System.Globalization;

namespace Ebee.Host;

/// <summary>
/// The setting kernel.perf_event_paranoid. From 3 on, which kernels of distributions know (Debian's have it), CAP_PERFMON does not
/// suffice for perf events: tracepoints by name, samples, uprobes, and the rings of perf event arrays.
/// </summary>
internal static class PerfEventParanoid
{
    private const string Setting = "/proc/sys/kernel/perf_event_paranoid";
    private const int ForAdministrators = 3;

    /// <summary>Why it refuses a perf event to this process, as the end of a sentence, and what to do; null when it does not.</summary>
    public static (string Fact, string Action)? Refusal() =>
        IsForAdministrators() && Capabilities.MissingForAdministration() is { Length: > 0 } missing
            ? ($"with kernel.perf_event_paranoid at {Value()}, perf events need {missing}",
                "Run it as root: sudo pwsh. Or allow perf events to who has CAP_PERFMON: sudo sysctl kernel.perf_event_paranoid=2.")
            : null;

    /// <summary>Whether perf events need CAP_SYS_ADMIN.</summary>
    public static bool IsForAdministrators() => Value() >= ForAdministrators;

    /// <summary>What a value means, for a person.</summary>
    public static string? Meaning(string value) => int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int level)
        ? level switch
        {
            >= ForAdministrators => "perf events (tracepoints by name, samples, perf event arrays) need CAP_SYS_ADMIN",
            2 => "users without CAP_PERFMON may measure their own programs outside of the kernel",
            1 => "users without CAP_PERFMON may measure their own programs",
            0 => "users without CAP_PERFMON may measure CPUs, too",
            _ => "all users may measure all",
        }
        : null;

    private static int? Value()
    {
        try
        {
            return int.TryParse(File.ReadAllText(Setting), NumberStyles.AllowLeadingSign | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out int value) ? value : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
