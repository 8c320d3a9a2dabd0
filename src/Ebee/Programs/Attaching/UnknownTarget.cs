using Ebee.Host;

namespace Ebee.Programs.Attaching;

/// <summary>Whether a program could not be attached because what it names is not in this kernel.</summary>
internal static class UnknownTarget
{
    private const string LsmPrefix = "bpf_lsm_";

    /// <summary>The error that says so and names what is most like it; null when the kernel has it, or the names cannot be read.</summary>
    public static EbpfException? Error(string kind, string target)
    {
        string name = KprobeKind.SplitOffset(target).Name;
        return kind switch
        {
            "tp_btf" or "raw_tracepoint" => Tracepoint(name),
            "lsm" => Function(name, "LSM hook", KernelFunctions.Names()
                .Where(function => function.StartsWith(LsmPrefix, StringComparison.Ordinal)).Select(function => function[LsmPrefix.Length..])),
            "ksyscall" or "kretsyscall" => Function(name, "system call", KernelFunctions.Names()
                .Where(function => function.StartsWith(SystemCallPrefix, StringComparison.Ordinal)).Select(function => function[SystemCallPrefix.Length..])),
            "fentry" or "fexit" or "fmod_ret" or "kprobe" or "kretprobe" => Function(name, "function", KernelFunctions.Names()),
            "kprobe.multi" or "kretprobe.multi" => Function(name, "function", KernelFunctions.Names(), isPattern: true),
            _ => null,
        };
    }

    private static string SystemCallPrefix => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
        == System.Runtime.InteropServices.Architecture.Arm64 ? "__arm64_sys_" : "__x64_sys_";

    private static EbpfException? Tracepoint(string name)
    {
        try
        {
            string[] names = Tracepoints.Names(Tracefs.Folder());
            return Array.Exists(names, full => full.EndsWith(':' + name, StringComparison.Ordinal)) ? null : Tracepoints.NotFound(name, names);
        }
        catch (EbpfException)
        {
            return null; // who may not read tracefs gets the kernel's own refusal
        }
    }

    private static EbpfException? Function(string name, string what, IEnumerable<string> names, bool isPattern = false)
    {
        HashSet<string> all = new(names, StringComparer.Ordinal);
        bool isThere = isPattern
            ? all.Any(function => System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(name, function, ignoreCase: false))
            : all.Contains(name);
        if (isThere || all.Count == 0)
        {
            return null;
        }
        string[] nearest = NearestNames.Of(name, all);
        return new EbpfException(EbpfError.FunctionNotFound, $"This kernel has no {what} '{name}', or none that can be traced.",
            nearest.Length > 0 ? $"The nearest are {string.Join(", ", nearest)}. The compiler may have put it into its callers." : "Look for it: grep name /proc/kallsyms.");
    }
}
