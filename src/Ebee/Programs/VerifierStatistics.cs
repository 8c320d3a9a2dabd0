using System.Globalization;
using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>What the verifier counted while it looked at a program that it took.</summary>
public sealed partial class VerifierStatistics
{
    internal const uint LogLevel = 4; // BPF_LOG_STATS

    private VerifierStatistics()
    {
    }

    /// <summary>The program's name.</summary>
    public string ProgramName { get; private init; } = "";

    /// <summary>How many instructions it followed, each as often as a path leads through it.</summary>
    public uint Instructions { get; private init; }

    /// <summary>How many it would have followed at most.</summary>
    public uint InstructionLimit { get; private init; }

    /// <summary>The most states that it kept for one instruction.</summary>
    public uint MaxStatesPerInstruction { get; private init; }

    /// <summary>How many states it made.</summary>
    public uint TotalStates { get; private init; }

    /// <summary>How many states it kept at once, at most.</summary>
    public uint PeakStates { get; private init; }

    /// <summary>The longest way back on which it marked a register as read.</summary>
    public uint LongestMarkRead { get; private init; }

    /// <summary>Bytes of stack of the program and of each function that it calls, of 512.</summary>
    public int[] StackDepth { get; private init; } = [];

    /// <summary>How long it took, in microseconds.</summary>
    public long VerificationTimeUs { get; private init; }

    /// <summary>Reads them out of what libbpf prints for programs that were loaded with <see cref="LogLevel"/>.</summary>
    internal static List<VerifierStatistics> Parse(string log)
    {
        List<VerifierStatistics> all = [];
        foreach (Match match in LoadLog().Matches(log))
        {
            string text = match.Groups["log"].Value;
            Match processed = Processed().Match(text);
            if (processed.Success)
            {
                uint Count(string group) => uint.Parse(processed.Groups[group].Value, CultureInfo.InvariantCulture);
                all.Add(new VerifierStatistics
                {
                    ProgramName = match.Groups["name"].Value,
                    Instructions = Count("done"),
                    InstructionLimit = Count("limit"),
                    MaxStatesPerInstruction = Count("perInsn"),
                    TotalStates = Count("total"),
                    PeakStates = Count("peak"),
                    LongestMarkRead = Count("mark"),
                    StackDepth = [.. Depth().Match(text).Groups["depth"].Value.Split('+', StringSplitOptions.RemoveEmptyEntries).Select(depth => int.Parse(depth, CultureInfo.InvariantCulture))],
                    VerificationTimeUs = Time().Match(text) is { Success: true } time ? long.Parse(time.Groups["us"].Value, CultureInfo.InvariantCulture) : 0,
                });
            }
        }
        return all;
    }

    [GeneratedRegex(@"prog '(?<name>[^'\n]*)': -- BEGIN PROG LOAD LOG --\n(?<log>.*?)-- END PROG LOAD LOG --", RegexOptions.Singleline)]
    private static partial Regex LoadLog();

    [GeneratedRegex(@"^processed (?<done>[0-9]{1,9}) insns \(limit (?<limit>[0-9]{1,9})\) max_states_per_insn (?<perInsn>[0-9]{1,9}) total_states (?<total>[0-9]{1,9}) " +
        "peak_states (?<peak>[0-9]{1,9}) mark_read (?<mark>[0-9]{1,9})", RegexOptions.Multiline)]
    private static partial Regex Processed();

    [GeneratedRegex(@"^stack depth (?<depth>[0-9]{1,9}(?:\+[0-9]{1,9})*)", RegexOptions.Multiline)]
    private static partial Regex Depth();

    [GeneratedRegex(@"^verification time (?<us>[0-9]{1,18}) usec", RegexOptions.Multiline)]
    private static partial Regex Time();
}
