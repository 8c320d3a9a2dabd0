using System.Runtime.InteropServices;
using Ebee.Host;
using Ebee.Host.Features;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>Whether the kernel refused a program because it has no such programs or hooks, which it says with a number that can mean all.</summary>
internal static class MissingHookKind
{
    /// <summary>The error that says so; null when the kernel has them, or it is not known.</summary>
    /// <param name="program">The program.</param>
    /// <param name="kind">Its kind of hook, as a feature's name; null when it has none.</param>
    /// <param name="e">What the kernel's refusal became.</param>
    public static unsafe EbpfException? Error(ObjectProgram program, string? kind, EbpfException e)
    {
        using FeatureProbe probe = new();
        if (probe.MissingPrivileges.Length > 0)
        {
            return null;
        }
        using LibBpfLog quiet = new();
        if (LibBpf.libbpf_probe_bpf_prog_type(program.Type, null) == 0)
        {
            string type = Marshal.PtrToStringUTF8(LibBpf.libbpf_bpf_prog_type_str(program.Type)) ?? $"{program.Type}";
            return Error(program, $"programs of the type {type}", "See what it has: Get-EbpfFeature -Category ProgramType.", e);
        }
        return probe.Questions(EbpfFeatureCategory.AttachKind).FirstOrDefault(question => question.Name == kind) is { } asked
            && probe.Ask(asked) is { IsSupported: false } feature
            ? Error(program, $"{kind}{(feature.Detail is { Length: > 0 } detail ? $" ({detail})" : "")}",
                "See what it has: Get-EbpfFeature -Category AttachKind; and use another kind of hook.", e)
            : null;
    }

    private static EbpfException Error(ObjectProgram program, string what, string action, EbpfException e) =>
        new(EbpfError.NotSupported, $"The kernel refused to load the program {program.Name} ({program.Section}): this kernel does not support {what}.", action, e.Details, e)
        {
            ProgramName = program.Name,
        };
}
