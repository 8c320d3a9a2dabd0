using Ebee.Btf;
using Ebee.Native;

namespace Ebee.Host.Features;

/// <summary>The kernel's functions that programs may call, by loading programs of each type that call them.</summary>
internal sealed class Helpers(KernelTypes kernelTypes, ProgramTypes programTypes)
{
    private const byte Call = 0x85, Exit = 0x95;

    // Loading a program that calls these is written to the kernel's log.
    private static readonly string[] Logged = ["trace_printk", "trace_vprintk", "probe_write_user"];

    // How verifiers say that a function cannot be called, whatever its arguments are.
    private static readonly string[] Refusals = ["invalid func ", "unknown func ", "program of this type cannot use helper "];

    private (string Name, TrialProgram[] Trials)[]? _types;

    /// <summary>The questions.</summary>
    public IEnumerable<FeatureQuestion> Questions() => kernelTypes.EnumeratorsOf("bpf_func_id", "BPF_FUNC_")
        .Where(helper => helper.Value != 0)
        .Select(helper => new FeatureQuestion(EbpfFeatureCategory.Helper, "bpf_" + helper.Name, () => Feature("bpf_" + helper.Name, helper.Value))
        {
            IsLogged = Logged.Contains(helper.Name),
        });

    private EbpfFeature Feature(string name, uint number)
    {
        using LibBpfLog quiet = new();
        _types ??= [.. programTypes.All.Where(type => programTypes.IsSupported(type.Name, type.Number))
            .Select(type => (type.Name, Trials: programTypes.Trials(type.Number).ToArray())).Where(type => type.Trials.Length > 0)];
        ulong[] program = [TrialProgram.Instruction(Call, constant: (int)number), TrialProgram.Instruction(Exit)];
        string[] callers = [.. _types.Where(type => type.Trials.Any(trial => MayCall(trial, program))).Select(type => type.Name)];
        return new EbpfFeature(EbpfFeatureCategory.Helper, name)
        {
            IsSupported = callers.Length > 0,
            ProgramType = callers,
            Detail = callers.Length > 0 ? null : "no type of program that could be tried may call it",
        };
    }

    // Where it may be called, the verifier is content, or complains of the arguments, which are none.
    private static bool MayCall(TrialProgram trial, ulong[] program) => trial.Loads(program, out _, out string log)
        || (log.Length > 0 && !Refusals.Any(refusal => log.Contains(refusal, StringComparison.Ordinal)));
}
