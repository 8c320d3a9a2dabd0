using System.Globalization;
using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>What the kernel's verifier said of a program that it refused, as libbpf prints it.</summary>
internal sealed partial class VerifierLog
{
    private const string Begin = ": -- BEGIN PROG LOAD LOG --\n", End = "-- END PROG LOAD LOG --";
    private const int VerdictLines = 3;

    private VerifierLog(string program, string[] lines)
    {
        Program = program;
        int last = Array.FindLastIndex(lines, line => !IsNoise(line));
        if (last < 0)
        {
            return;
        }
        // What it says stands behind the instruction that it looked at last, in one line or a few.
        int shown = Array.FindLastIndex(lines, last, line => InstructionLine().IsMatch(line));
        Verdict = string.Join("; ", lines[(shown + 1)..(last + 1)].Where(line => !IsNoise(line)).TakeLast(VerdictLines).Select(line => line.Trim()));
        if (NamedInstruction().Match(Verdict) is { Success: true } named)
        {
            Index = int.Parse(named.Groups["index"].Value, CultureInfo.InvariantCulture);
            shown = Array.FindLastIndex(lines, last, line => line.StartsWith($"{Index}: (", StringComparison.Ordinal));
        }
        if (shown >= 0)
        {
            // Without the registers' contents that follow it.
            Instruction = RegisterComment().Replace(lines[shown], "").Trim();
            Index ??= int.Parse(InstructionLine().Match(lines[shown]).Groups["index"].Value, CultureInfo.InvariantCulture);
        }
        // A comment stands before its instructions. Some messages come before any instruction is shown.
        int comment = Array.FindLastIndex(lines, last, line => line.StartsWith("; ", StringComparison.Ordinal) && line.Trim().Length > 1 && !EmptyComment().IsMatch(line));
        if (comment >= 0)
        {
            Match place = CommentPlace().Match(lines[comment]);
            Source = new SourceLine(place.Groups["file"].Value, place.Success ? int.Parse(place.Groups["line"].Value, CultureInfo.InvariantCulture) : 0,
                (place.Success ? place.Groups["text"].Value : lines[comment][2..]).Trim());
        }
    }

    /// <summary>The program's name.</summary>
    public string Program { get; }

    /// <summary>What is wrong; empty when it does not say.</summary>
    public string Verdict { get; } = "";

    /// <summary>The instruction that it looked at last, or that it names, as it shows it; null when it did not come that far.</summary>
    public string? Instruction { get; }

    /// <summary>The number of that instruction in the program; null when none is named.</summary>
    public int? Index { get; }

    /// <summary>The source line that it says belongs to it; null when the program has no line information.</summary>
    public SourceLine? Source { get; }

    /// <summary>Finds the last program that was refused; null when none was, or the verifier did not say why.</summary>
    /// <param name="log">What libbpf printed.</param>
    public static VerifierLog? Parse(string log)
    {
        int begin = log.LastIndexOf(Begin, StringComparison.Ordinal);
        if (begin < 0)
        {
            return null;
        }
        int start = begin + Begin.Length, end = log.IndexOf(End, start, StringComparison.Ordinal);
        int nameEnd = log.LastIndexOf('\'', begin), nameStart = nameEnd > 0 ? log.LastIndexOf('\'', nameEnd - 1) : -1;
        // Of a long log only the end matters.
        int last = end < 0 ? log.Length : end;
        start = Math.Max(start, last - (1 << 20));
        VerifierLog refused = new(nameStart < 0 ? "" : log[(nameStart + 1)..nameEnd], log[start..last].Split('\n'));
        return refused.Verdict.Length > 0 ? refused : null;
    }

    /// <summary>Whether the end of what it said is missing.</summary>
    public static bool IsCut(string log) => log.LastIndexOf(Begin, StringComparison.Ordinal) is >= 0 and int begin && log.IndexOf(End, begin, StringComparison.Ordinal) < 0;

    // Registers, states, and what it counts at the end.
    private static bool IsNoise(string line) => line.Trim().Length == 0 || line[0] == ';' || InstructionLine().IsMatch(line) || Noise().IsMatch(line);

    // "7: (79) r0 = *(u64 *)(r0 +0)", and "7: <invalid CO-RE relocation>", which says what is wrong only with the next line.
    [GeneratedRegex(@"^(?<index>[0-9]{1,9}): (\([0-9a-f]{2}\)|<invalid)")]
    private static partial Regex InstructionLine();

    [GeneratedRegex(@"\s+; (R\d|frame\d|refs=|fp-|\d+: ).*$")]
    private static partial Regex RegisterComment();

    [GeneratedRegex(@"^; (?<text>.*) @ (?<file>[^@]+):(?<line>[0-9]{1,9})\s*$")]
    private static partial Regex CommentPlace();

    [GeneratedRegex(@"^;\s+@ [^@]*:\d+\s*$")]
    private static partial Regex EmptyComment();

    [GeneratedRegex(@"\b(insn|from insn|at insn) (?<index>[0-9]{1,9})\b")]
    private static partial Regex NamedInstruction();

    [GeneratedRegex(@"^(processed \d+ insns|verification time|stack depth|peak_states|max_states_per_insn|mark_precise|last_idx|regs=|parent |stack=" +
        @"|[Ff]unc#\d|(from )?\d+(?: to \d+)?:( |$)|\s*R\d+(_\w+)?=|\s*frame\d|caller:|callee:|returning from callee|to caller at|cur state:|old state:" +
        @"|propagating|arg#\d+ reference type|Validating|Global function|btf_vmlinux|refs=|fp-\d+|\[\d+ bytes are|Live regs|Func )")]
    private static partial Regex Noise();
}
