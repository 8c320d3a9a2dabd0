using System.Globalization;
using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>Makes an exception of what clang said.</summary>
internal static partial class CompilerErrors
{
    // What the messages that people meet most mean, and what to do.
    private static readonly (Regex Pattern, string Action)[] Hints =
    [
        (MissingLibBpf(), "Install libbpf's headers: apt-get install libbpf-dev, or dnf install libbpf-devel."),
        (MissingVmlinux(), "This kernel has no BTF (/sys/kernel/btf/vmlinux) to make vmlinux.h from: use one with CONFIG_DEBUG_INFO_BTF=y. In a container, mount /sys."),
        (MissingSystem(), "Install the headers: apt-get install linux-libc-dev libc6-dev; or leave out <linux/*.h> and #include \"vmlinux.h\", which has all of the kernel's types."),
        (MissingHeader(), "Headers in quotes are looked for in the folder of the source, which only -SourcePath has; headers in angle brackets in /usr/include; and both in the folders that -IncludePath names."),
        (Redefinition(), "vmlinux.h has all of the kernel's types and names: call yours otherwise, and do not include <linux/*.h> besides it."),
        (UnknownType(), "Put #include \"vmlinux.h\" first: it has all of the kernel's types. Or include nothing at all: then Ebee includes what is needed."),
        (UnknownHelper(), "Put #include <bpf/bpf_helpers.h> behind that of vmlinux.h; the kernel's helpers: man bpf-helpers."),
        (UnknownName(), "vmlinux.h has types and enumerators, but no macros: #define the constant in the source. A function of the kernel cannot be called, only a helper."),
        (Stack(), "A program has 512 bytes of stack: keep what is larger in a BPF_MAP_TYPE_PERCPU_ARRAY map of one entry, or write it into the ring buffer in place."),
        (Arguments(), "A function of a program takes five arguments at most: pass a pointer to a struct."),
        (Builtin(), "There is no C library: use __builtin_memcpy and the like with a constant length, or a loop."),
        (SignedDivision(), "eBPF divides unsigned: make both operands unsigned, or cast them: (u64)a / (u64)b."),
        (NoTarget(), "This clang cannot make eBPF programs: install the distribution's: apt-get install clang."),
    ];

    /// <summary>The error for what clang said.</summary>
    /// <param name="name">What was compiled.</param>
    /// <param name="messages">All that clang said.</param>
    /// <param name="includePath">The folders of headers that were given.</param>
    public static EbpfException From(string name, string messages, IReadOnlyList<string>? includePath = null)
    {
        Match[] errors = Error().Matches(messages).ToArray();
        if (errors.Length == 0)
        {
            return new EbpfException(EbpfError.CompileFailed, $"{Subject(name)} does not compile.", "Look at the error's Details.", messages);
        }
        string text = errors[0].Groups["text"].Value;
        if (SignedDivision().IsMatch(text))
        {
            (text, errors) = ("signed division is not supported", errors[..1]); // what follows is how LLVM ends then
        }
        SourceLine? line = Place(name, errors[0], messages, out string place);
        place = line is null ? "" : $"{(line.File == name ? "" : $"{line.File}, ")}line {line.Number}{place}: ";
        string? action = Hints.FirstOrDefault(hint => hint.Pattern.IsMatch(text)).Action;
        if (LibBpfHeaders.TooOldFor(line?.Text ?? "", includePath ?? []) is var (macro, needed, found))
        {
            text = $"{macro} came with libbpf {needed}, and the headers are older: those of libbpf {found} ({text})";
            action = $"Give headers of libbpf {needed} or newer: make -C libbpf/src install_headers DESTDIR=/tmp/libbpf makes them of its source; then -IncludePath /tmp/libbpf/usr/include.";
        }
        string more = errors.Length switch { 1 => "", 2 => " (and another error)", _ => $" (and {errors.Length - 1} more errors)" };
        return new EbpfException(EbpfError.CompileFailed, $"{Subject(name)} does not compile: {place}{text}{(text.EndsWith('?') ? "" : ".")}{more}",
            action ?? "Mend it there; the error's Details hold all that clang said.", messages)
        {
            SourceFile = line?.File,
            LineNumber = line?.Number,
            SourceLine = line?.Text,
        };
    }

    internal static string Subject(string name) => name == SourceCompiler.TextName ? "The source" : $"'{name}'";

    // A brace that is missing is missed at the very end, behind the source; then the note says which one it is.
    private static SourceLine? Place(string name, Match error, string messages, out string place)
    {
        string note = "";
        if (error.Groups["file"].Value == "<stdin>")
        {
            error = Note().Match(messages, error.Index);
            note = error.Success ? $" ({error.Groups["note"].Value})" : "";
        }
        string file = error.Groups["file"].Value;
        int number = error.Groups["line"].Success ? int.Parse(error.Groups["line"].ValueSpan, CultureInfo.InvariantCulture) : 0;
        if (file.Length == 0 && number > 0)
        {
            place = "";
            return new SourceLine(name, number, ""); // from LLVM's end, which has the line alone
        }
        place = $", column {error.Groups["column"].Value}{note}";
        if (file is "" or "<unknown>" || number == 0)
        {
            return null;
        }
        // clang shows the line beneath its message.
        int next = messages.IndexOf('\n', error.Index) + 1, end = next > 0 ? messages.IndexOf('\n', next) : -1;
        return new SourceLine(file, number, end < 0 ? "" : messages[next..end].Trim());
    }

    [GeneratedRegex(@"^(?:(?<file>[^\n:]+):(?<line>[0-9]{1,9}):(?<column>[0-9]+): |Error at line (?<line>[0-9]{1,9}): |(?:(?:[\w./-]*clang[\w-]*: )?))(?:(?:fatal )?error: (?:<unknown>:0:0: )?|(?=Unsupport))(?<text>[^\n]*?)\.?(?: \[-W[^\]\n]*\])?$", RegexOptions.Multiline)]
    private static partial Regex Error();

    [GeneratedRegex(@"^(?<file>[^\n:]+):(?<line>[0-9]{1,9}):(?<column>[0-9]+): note: (?<note>to match this [^\n]*)$", RegexOptions.Multiline)]
    private static partial Regex Note();

    [GeneratedRegex("'bpf/[^']*' file not found")]
    private static partial Regex MissingLibBpf();

    [GeneratedRegex("'vmlinux.h' file not found")]
    private static partial Regex MissingVmlinux();

    [GeneratedRegex("'(asm|asm-generic|linux|sys|bits|gnu|std[a-z]+\\.h)[^']*' file not found")]
    private static partial Regex MissingSystem();

    [GeneratedRegex("' file not found")]
    private static partial Regex MissingHeader();

    [GeneratedRegex("redefinition of|redefinition with different types|redeclaration")]
    private static partial Regex Redefinition();

    [GeneratedRegex("unknown type name|incomplete type|incomplete definition of type")]
    private static partial Regex UnknownType();

    [GeneratedRegex("(implicit declaration of function|undeclared function|undeclared identifier|unknown type name) '(bpf_|BPF_|SEC|__uint|__type|__always_inline|__noinline)")]
    private static partial Regex UnknownHelper();

    [GeneratedRegex("implicit declaration of function|undeclared function|undeclared identifier")]
    private static partial Regex UnknownName();

    [GeneratedRegex("BPF stack limit")]
    private static partial Regex Stack();

    [GeneratedRegex("too many args|stack arguments are not supported|defined with too many")]
    private static partial Regex Arguments();

    [GeneratedRegex("[Bb]uilt-in function '|call to external|library function|unsupported libcall|only small returns")]
    private static partial Regex Builtin();

    [GeneratedRegex("[Uu]nsupport(ed)? signed division|signed division is not")]
    private static partial Regex SignedDivision();

    [GeneratedRegex("[Nn]o available targets|unable to create target|unknown target")]
    private static partial Regex NoTarget();
}
