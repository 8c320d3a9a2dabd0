using Ebee.Host;
using Ebee.Maps;
using Ebee.Native;

namespace Ebee.Programs;

/// <summary>The one place where an error number of the kernel or of libbpf becomes an exception.</summary>
internal static class KernelErrors
{
    /// <summary>An object that libbpf or the kernel did not take.</summary>
    /// <param name="name">The object's name.</param>
    /// <param name="errno">What the kernel gave.</param>
    /// <param name="log">All that libbpf printed.</param>
    /// <param name="elf">The object file's bytes, for the lines of its source; empty when they are not at hand.</param>
    /// <param name="network">Whether one of its programs sees packets or sockets.</param>
    /// <param name="maps">The object's maps, as they were to be created.</param>
    public static EbpfException Load(string name, int errno, string log, ReadOnlySpan<byte> elf = default, bool network = false, IReadOnlyList<BpfMap>? maps = null) =>
        WantOf(errno, log) is var want and not 0 && !LoadErrors.IsOfMap(log) ? Exhausted($"{name} could not be loaded", want, log)
            : (errno is Errno.Eperm or Errno.Eacces && VerifierLog.Parse(log) is null) || IsLockedOut(log)
            ? LoadPermission(name, errno, log, network)
            : LoadErrors.From(name, errno, log, elf, maps);

    /// <param name="program">The program.</param>
    /// <param name="errno">The error number.</param>
    /// <param name="log">What libbpf said.</param>
    /// <param name="target">What it was to be attached to.</param>
    /// <param name="network">Whether the program sees packets or sockets.</param>
    public static EbpfException Attach(string program, int errno, string log, string target, bool network = false) =>
        WantOf(errno, log) is var want and not 0 ? Exhausted($"The program {program} could not be attached to {target}", want, log)
        : errno is Errno.Eacces && PerfEventParanoid.Refusal() is { } refusal
        ? new EbpfException(EbpfError.PermissionDenied, $"The kernel refused to attach {program} to {target}: {refusal.Fact}.", refusal.Action, log)
        : errno is Errno.Eperm or Errno.Eacces
        ? Permission($"The kernel refused to attach {program} to {target} ({Errno.Name(errno)})", log, network)
        : new EbpfException(EbpfError.AttachFailed, $"The program {program} could not be attached to {target}: {Errno.Name(errno)}{LastLine(log)}",
            errno switch
            {
                Errno.Ebusy or Errno.Eexist => "Something is attached there already, and no more can be: Get-EbpfLink shows it.",
                Errno.Enoent or Errno.Esrch or Errno.Enodev or Errno.NotSupported or Errno.Eopnotsupp => "The hook does not exist on this kernel; -Verbose shows which hooks were tried.",
                _ => "Look at the error's Details; Get-EbpfFeature shows which hooks this kernel has.",
            }, log) { ProgramName = program };

    private static EbpfException LoadPermission(string name, int errno, string log, bool network)
    {
        string? program = LoadErrors.ProgramOf(log);
        EbpfException error = Permission($"The kernel refused to load {(program is null ? "" : $"the program {program} of ")}{name} ({Errno.Name(errno)})", log, network);
        return program is null ? error : new EbpfException(error.Error, error.Message, error.RecommendedAction, log, error.InnerException) { ProgramName = program };
    }

    public static EbpfException Map(string map, string operation, int errno) => errno is Errno.Emfile or Errno.Enfile
        ? Exhausted($"Could not {operation} the map {map}", errno)
        : errno is Errno.Eacces && PerfEventParanoid.Refusal() is { } refusal
        ? new EbpfException(EbpfError.PermissionDenied, $"The kernel refused to {operation} the map {map}: {refusal.Fact}.", refusal.Action)
        : errno is Errno.Eperm
        ? Permission($"The kernel refused to {operation} the map {map} ({Errno.Name(errno)})", "")
        : new EbpfException(EbpfError.MapFailed, $"Could not {operation} the map {map}: {Errno.Name(errno)}.",
            "Check the map's size and the machine's free memory.");

    public static EbpfException Inventory(string what, int errno)
    {
        if (errno is Errno.Emfile or Errno.Enfile)
        {
            return Exhausted($"The kernel did not show the {what}", errno);
        }
        if (errno is not (Errno.Eperm or Errno.Eacces))
        {
            return new EbpfException(EbpfError.InventoryFailed, $"The kernel did not show the {what}: {Errno.Name(errno)}.",
                "Try it again; if it stays so, report it with the output of uname -a.");
        }
        string missing = Capabilities.MissingForAdministration();
        return missing.Length > 0
            ? new EbpfException(EbpfError.PermissionDenied,
                $"The kernel refused to show the {what} ({Errno.Name(errno)}): this process lacks {missing}.",
                "Run it as root: sudo pwsh. CAP_BPF and CAP_PERFMON are not enough to see what others have loaded.")
            : new EbpfException(EbpfError.PermissionDenied,
                $"The kernel refused to show the {what} ({Errno.Name(errno)}) although this process has CAP_SYS_ADMIN: lockdown, " +
                "a seccomp filter or a user namespace forbids it.",
                "In a container, start it with --cap-add SYS_ADMIN, without a user namespace, and with a seccomp profile that allows bpf.");
    }

    /// <summary>The error where descriptors or memory are used up.</summary>
    /// <param name="what">What could not be done, as a sentence without its end.</param>
    /// <param name="errno">The error number.</param>
    /// <param name="log">What libbpf said.</param>
    /// <param name="inner">The error beneath.</param>
    public static EbpfException Exhausted(string what, int errno, string log = "", Exception? inner = null)
    {
        ulong limit = Descriptors.Limit, more = Math.Max(1024, 2 * limit);
        (string why, string action) = errno switch
        {
            Errno.Emfile => ($"this process may open {limit} files, and has no descriptor left (EMFILE)",
                $"Raise the limit of this process: prlimit --pid {Environment.ProcessId} --nofile={more}; or of the next session, before it starts: ulimit -n {more}."),
            Errno.Enfile => ("all processes together have as many files open as the machine may have (ENFILE)",
                "See how many that are: cat /proc/sys/fs/file-nr; and raise the limit, as root: sysctl -w fs.file-max=1000000."),
            Errno.Enomem => ("the kernel gave no memory (ENOMEM)",
                "See what is free: free -m; and what the cgroup may have: cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/memory.max."),
            _ => (Errno.Name(errno), "Look at the kernel's log: journalctl -k."),
        };
        return new EbpfException(EbpfError.ResourcesExhausted, $"{what}: {why}.", action, log, inner);
    }

    /// <summary>The error of .NET's that says that descriptors are used up, as Ebee's; null for another.</summary>
    public static EbpfException? Exhausted(string what, IOException? e) =>
        e?.HResult is Errno.Emfile or Errno.Enfile ? Exhausted(what, e.HResult, "", e) : null;

    // What is used up says nothing of what the kernel offers. Of what it tries first, libbpf gives no error on, and only prints it.
    private static int WantOf(int errno, string log) => errno is Errno.Emfile or Errno.Enfile or Errno.Enomem ? errno
        : log.Split('\n').Any(line => line.StartsWith("libbpf:", StringComparison.Ordinal) && line.TrimEnd('.', ')', ' ', '\r') is var end
            && (line.Contains("Too many open files", StringComparison.Ordinal) || end.EndsWith(" -24", StringComparison.Ordinal) || end.EndsWith("(-24", StringComparison.Ordinal)))
        ? Errno.Emfile : 0;

    // In lockdown the helpers that read the kernel's memory are not there: for the verifier that is a mistake of the program's.
    private static bool IsLockedOut(string log) => log.Contains(" bpf_probe_read", StringComparison.Ordinal)
        && (log.Contains("cannot use helper", StringComparison.Ordinal) || log.Contains("unknown func", StringComparison.Ordinal))
        && Confinement.IsConfidential();

    public static EbpfException Permission(string message, string log, bool network = false)
    {
        string missing = network && Capabilities.MissingForNetwork() is { Length: > 0 } forNetwork ? forNetwork : Capabilities.MissingForTracing();
        string capabilities = network ? "+bpf,+perfmon,+net_admin" : "+bpf,+perfmon";
        return missing.Length > 0
            ? new EbpfException(EbpfError.PermissionDenied, $"{message}: this process lacks {missing}.",
                "Run it as root: sudo pwsh, or sudo ebee. Or give it the capabilities: sudo setpriv --reuid $(id -u) --regid $(id -g) " +
                $"--init-groups --inh-caps {capabilities} --ambient-caps {capabilities} pwsh.", log)
            : Confinement.Find() is { } found
            ? new EbpfException(EbpfError.PermissionDenied, $"{message} although this process has the capabilities: {found.Fact}.", found.Action, log)
            : new EbpfException(EbpfError.PermissionDenied,
                $"{message} although this process has the capabilities: the kernel does not offer it, or a security module forbids it.",
                "Look at the kernel's log: journalctl -k; and about_Ebee_Privileges says what to look at.", log);
    }

    // Of a verifier's log, the last line before its statistics says what is wrong.
    private static string LastLine(string log)
    {
        string? line = log.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .TakeWhile(l => !l.StartsWith("processed ", StringComparison.Ordinal)).LastOrDefault();
        return line is null ? "." : $": {line}.";
    }
}
