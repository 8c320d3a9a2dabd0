using System.Globalization;

namespace Ebee.Tests.Fuzz;

/// <summary>How long, and with which inputs, the fuzz tests run; of the environment, as ./test.sh --fuzz sets it.</summary>
internal static class FuzzSettings
{
    private const double UsualSeconds = 7;
    private const long UsualSeed = 1; // so that a normal run has the same inputs on every machine

    /// <summary>Whether it is a run of its own, with ./test.sh --fuzz.</summary>
    public static bool IsOwnRun { get; } = Environment.GetEnvironmentVariable("EBEE_FUZZ_SECONDS") is not null;

    /// <summary>The time of one target. EBEE_FUZZ_SECONDS is that of all, with damaged object files in a run of its own.</summary>
    public static TimeSpan Share => (All - (IsOwnRun ? ObjectShare : TimeSpan.Zero)) / FuzzTargets.All.Count;

    /// <summary>The time of damaged object files, in a run of its own: libbpf and the kernel take longer than a parser.</summary>
    public static TimeSpan ObjectShare => All / 4;

    /// <summary>The seed of all inputs: EBEE_FUZZ_SEED.</summary>
    public static long Seed { get; } = Number("EBEE_FUZZ_SEED", UsualSeed);

    /// <summary>The number of the first input, to repeat one: EBEE_FUZZ_FIRST.</summary>
    public static long First { get; } = Number("EBEE_FUZZ_FIRST", 0);

    private static TimeSpan All { get; } = TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("EBEE_FUZZ_SECONDS") ?? $"{UsualSeconds}", CultureInfo.InvariantCulture));

    private static long Number(string variable, long usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : usual;
}
