using System.Globalization;
using System.Text.RegularExpressions;

namespace Ebee.Programs;

/// <summary>The headers of libbpf that a source includes, and which macros came with which version.</summary>
internal static partial class LibBpfHeaders
{
    private const string System = "/usr/include";

    // Those that came after libbpf 1.1, which is the least.
    private static readonly Dictionary<string, Version> Macros = new(StringComparer.Ordinal)
    {
        ["BPF_UPROBE"] = new(1, 2), ["BPF_URETPROBE"] = new(1, 2), ["bpf_for"] = new(1, 2), ["bpf_for_each"] = new(1, 2), ["bpf_repeat"] = new(1, 2),
        ["bpf_ksym_exists"] = new(1, 2), ["__kptr_untrusted"] = new(1, 2), ["__percpu_kptr"] = new(1, 3), ["__arg_ctx"] = new(1, 4),
        ["__arg_nonnull"] = new(1, 4), ["__arg_nullable"] = new(1, 4), ["__arg_trusted"] = new(1, 4), ["__arg_arena"] = new(1, 4),
        ["bpf_core_cast"] = new(1, 4), ["__ulong"] = new(1, 5), ["__bpf_fastcall"] = new(1, 5), ["__uptr"] = new(1, 6), ["bpf_stream_printk"] = new(1, 7),
    };

    /// <summary>The macro in a line of C that the headers are too old for; null when there is none.</summary>
    /// <param name="line">The line.</param>
    /// <param name="folders">Folders that are looked through before the machine's.</param>
    /// <returns>Its name, the version that it came with, and that of the headers.</returns>
    public static (string Macro, Version Needed, Version Found)? TooOldFor(string line, IReadOnlyList<string> folders)
    {
        foreach (Match word in Word().Matches(line))
        {
            if (Macros.TryGetValue(word.Value, out Version? needed) && VersionOf(folders) is { } found && found < needed)
            {
                return (word.Value, needed, found);
            }
        }
        return null;
    }

    private static Version? VersionOf(IReadOnlyList<string> folders)
    {
        foreach (string folder in folders.Append(System).Where(folder => File.Exists(Path.Combine(folder, "bpf/bpf_helpers.h"))))
        {
            string header = Path.Combine(folder, "bpf/libbpf_version.h");
            return File.Exists(header) && Version().Match(File.ReadAllText(header)) is { Success: true } version
                ? new(Number(version.Groups["major"]), Number(version.Groups["minor"]))
                : null;
        }
        return null;
    }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"[A-Za-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"#define\s+LIBBPF_MAJOR_VERSION\s+(?<major>[0-9]{1,4})\b[\s\S]*?#define\s+LIBBPF_MINOR_VERSION\s+(?<minor>[0-9]{1,4})\b")]
    private static partial Regex Version();
}
