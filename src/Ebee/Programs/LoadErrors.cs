using System.Text.RegularExpressions;
using Ebee.Btf;
using Ebee.Maps;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>Makes an exception of what libbpf and the verifier said when an object was not taken.</summary>
internal static partial class LoadErrors
{
    // What libbpf says before the verifier has a say; {0} is the name in the message.
    private static readonly (Regex Pattern, EbpfError Error, string Message, string Action)[] Known =
    [
        (MissingType(), EbpfError.InvalidObject, "The section of the program {0} does not say what kind of program it is",
            "Use a section that libbpf knows: SEC(\"tracepoint/…\"), SEC(\"kprobe/…\"), SEC(\"fentry/…\"), SEC(\"xdp\")."),
        (StaticProgram(), EbpfError.InvalidObject, "The program {0} is a static function", "Take away static, or the SEC() if others call it."),
        (NoBody(), EbpfError.InvalidObject, "The function or variable {0} is declared and used, and the object does not define it",
            "Define it in the source. If it is the kernel's, declare it __ksym. memcmp, memcpy and the like are calls where their length is not constant: write a loop."),
        (KernelTarget(), EbpfError.FunctionNotFound, "The kernel's BTF has no function, tracepoint or type '{0}'",
            "Look it up: Get-EbpfTracepoint for tracepoints, /proc/kallsyms for functions; inlined functions are not there."),
        (KernelSymbol(), EbpfError.FunctionNotFound, "The kernel has no function or variable '{0}' that programs may use",
            "It may be in a module that is not loaded (modprobe), or in a newer kernel; declare it __ksym __weak and ask with bpf_ksym_exists."),
        (KernelOption(), EbpfError.NotSupported, "The kernel's configuration does not tell {0}", "Mark it __weak, or mount /proc, or see that /proc/config.gz or /boot/config-… is there."),
        (NoKernelBtf(), EbpfError.NoBtf, "This kernel has no BTF that libbpf can read", "Use a kernel with CONFIG_DEBUG_INFO_BTF=y. In a container, mount /sys."),
        (NoSymbols(), EbpfError.InvalidObject, "The object has no symbol table, by which its programs and maps are found",
            "It was stripped: compile it again (clang -g -O2 -target bpf -c program.bpf.c), and take away no more than llvm-strip -g does."),
        (NoReplacedProgram(), EbpfError.NotSupported, "The program {0} is an freplace program, and replaces a function of a program that is loaded, which Ebee does not look for",
            "Start the object's other programs: -ProgramName; or leave this one out: -ExcludeProgram {0}."),
        (OldMaps(), EbpfError.InvalidObject, "The object defines its maps in the old way (SEC(\"maps\"))",
            "Define them with BTF: struct {{ __uint(type, BPF_MAP_TYPE_HASH); … }} name SEC(\".maps\");"),
        (NoBtf(), EbpfError.InvalidObject, "The object has no BTF, which its maps or programs need", "Compile it with clang -g."),
    ];

    /// <summary>The error for an object that was not taken.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="errno">What the kernel gave.</param>
    /// <param name="log">All that libbpf printed.</param>
    /// <param name="elf">The object file's bytes, for the lines of its source; empty when they are not at hand.</param>
    /// <param name="maps">The object's maps, as they were to be created.</param>
    public static EbpfException From(string name, int errno, string log, ReadOnlySpan<byte> elf, IReadOnlyList<BpfMap>? maps = null)
    {
        if (VerifierLog.Parse(log) is { } verifier)
        {
            return Rejected(name, verifier, log, elf);
        }
        if (ArenaUse.Error(name, elf, log) is { } arena)
        {
            return arena;
        }
        if (MapCreation().Match(log) is { Success: true } creation)
        {
            string map = creation.Groups["name"].Value;
            return MapRefusal.Error(map, maps?.FirstOrDefault(m => m.Name == map), errno, log);
        }
        foreach ((Regex pattern, EbpfError error, string message, string action) in Known)
        {
            if (pattern.Match(log) is { Success: true } match)
            {
                return new EbpfException(error, $"{string.Format(message, match.Groups["name"].Value)}: {Errno.Name(errno)}.", string.Format(action, match.Groups["name"].Value), log)
                {
                    ProgramName = ProgramOf(log),
                };
            }
        }
        string? program = Refused().Match(log) is { Success: true } refused ? refused.Groups["name"].Value : null;
        string? line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .LastOrDefault(line => !line.Contains("skipping unrecognized data section", StringComparison.Ordinal) && !line.StartsWith("processed ", StringComparison.Ordinal) && !line.StartsWith("-- END", StringComparison.Ordinal));
        return program is not null
            ? new EbpfException(EbpfError.LoadFailed, $"The kernel refused to load the program {program} of {name} and did not say why: {Errno.Name(errno)}.",
                "It may be too old for this kind of program or for what it is to be attached to: Get-EbpfFeature.", log) { ProgramName = program }
            : new EbpfException(EbpfError.LoadFailed, $"The kernel refused to load {name}: {Errno.Name(errno)}{(line is null ? "." : $": {line.TrimEnd('.')}.")}",
                "Look at the error's Details: they hold all that libbpf and the kernel said.", log);
    }

    /// <summary>The program that libbpf was about to load when it gave up; null when it was none.</summary>
    public static string? ProgramOf(string log) => Failing().Match(log) is { Success: true } match ? match.Groups["name"].Value : null;

    /// <summary>Whether a map was refused, which may be too large.</summary>
    public static bool IsOfMap(string log) => MapCreation().IsMatch(log);

    private static EbpfException Rejected(string name, VerifierLog verifier, string log, ReadOnlySpan<byte> elf)
    {
        // The object's own line information is the more exact: kernels before 6.10 show the text alone, and an instruction that
        // cannot be decoded is shown without its line. Functions that are called are found in the log only.
        SourceLine? source = verifier.Index is { } index && ObjectLines.Find(elf, verifier.Program, index) is { Text.Length: > 0 } exact ? exact : verifier.Source;
        (string Cause, string Action)? hint = VerifierHints.Find(verifier.Verdict);
        string[] lines =
        [
            $"The verifier refused the program {verifier.Program} of {name}: {verifier.Verdict.TrimEnd('.')}.",
            .. source is { Text.Length: > 0 } ? [$"  {source}"] : Array.Empty<string>(),
            .. verifier.Instruction is { } instruction ? [$"  {instruction}"] : Array.Empty<string>(),
            .. hint is { } known ? [known.Cause] : Array.Empty<string>(),
        ];
        return new EbpfException(EbpfError.VerifierRejected, string.Join('\n', lines),
            hint?.Action ?? "Look at the error's Details: they hold all that the verifier said, state by state.", log)
        {
            ProgramName = verifier.Program,
            SourceFile = source is { File.Length: > 0 } ? source.File : null,
            LineNumber = source is { Number: > 0 } ? source.Number : null,
            SourceLine = source?.Text,
        };
    }

    [GeneratedRegex(@"map '(?<name>[^'\n]*)': failed to create")]
    private static partial Regex MapCreation();

    [GeneratedRegex(@"prog '(?<name>[^'\n]*)': missing BPF prog type")]
    private static partial Regex MissingType();

    [GeneratedRegex(@"program '(?<name>[^'\n]*)' is static and not supported")]
    private static partial Regex StaticProgram();

    [GeneratedRegex(@"failed to find (?:kernel )?BTF type ID of '(?<name>[^'\n]*)'|(?<name>\w+) is not found in vmlinux BTF|struct_ops init_kern: struct (?<name>\w+) is not found in kernel BTF")]
    private static partial Regex KernelTarget();

    [GeneratedRegex(@"extern \((?:func|var) ksym\) '(?<name>[^'\n]*)'|extern \(ksym\) '?(?<name>[\w.]+)'?: (?:unresolved|incompatible|not found)|extern '(?<name>(?!CONFIG_|LINUX_)[^'\n]*)' \(strong\): not resolved")]
    private static partial Regex KernelSymbol();

    [GeneratedRegex(@"extern (?:\(kcfg\) )?'?(?<name>CONFIG_\w+|LINUX_\w+)'?[^\n]*(?:strong extern|cannot|not resolved|unrecognized|failed)", RegexOptions.IgnoreCase)]
    private static partial Regex KernelOption();

    [GeneratedRegex(@"failed to find BTF for extern '(?<name>[^'\n]*)'")]
    private static partial Regex NoBody();

    [GeneratedRegex("Error loading vmlinux BTF|failed to find valid kernel BTF|kernel BTF is missing")]
    private static partial Regex NoKernelBtf();

    [GeneratedRegex("legacy map definitions in 'maps' section are not supported")]
    private static partial Regex OldMaps();

    [GeneratedRegex("couldn't find symbol table in")]
    private static partial Regex NoSymbols();

    [GeneratedRegex(@"prog '(?<name>[^'\n]*)': attach program FD is not set")]
    private static partial Regex NoReplacedProgram();

    [GeneratedRegex("BTF is required, but is missing")]
    private static partial Regex NoBtf();

    [GeneratedRegex(@"prog '(?<name>[^'\n]*)': (?:BPF program load failed|failed to load|attach program FD is not set|failed to find kernel BTF type ID|failed to prepare load attributes)")]
    private static partial Regex Failing();

    [GeneratedRegex(@"prog '(?<name>[^'\n]*)': BPF program load failed")]
    private static partial Regex Refused();
}
