namespace Ebee.Programs.Attaching;

/// <summary>The options of one start, with a note of which were needed.</summary>
internal sealed class HookRequest(HookOptions options, OpenedObject? opened = null)
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <summary>For programs whose sections say all.</summary>
    public static HookRequest None => new(new HookOptions());

    public XdpMode XdpMode => Use(options.XdpMode, nameof(HookOptions.XdpMode)) ?? default;

    public TrafficDirection Direction => Use(options.Direction, nameof(HookOptions.Direction)) ?? default;

    public int? ProcessId => Use(options.ProcessId, nameof(HookOptions.ProcessId));

    public int Frequency => Use(options.Frequency, nameof(HookOptions.Frequency)) ?? 99;

    public string Tracepoint(ObjectProgram program) =>
        Require(program, options.Tracepoint, nameof(HookOptions.Tracepoint), "the tracepoint", "syscalls:sys_enter_execve");

    public string Function(ObjectProgram program, string example) =>
        Require(program, options.Function, nameof(HookOptions.Function), "the function", example);

    public IReadOnlyList<string> Interface(ObjectProgram program) => options.Interface.Count > 0
        ? Use(options.Interface, nameof(HookOptions.Interface))
        : throw Missing(program, nameof(HookOptions.Interface), "the network interface", "eth0");

    public string CgroupPath(ObjectProgram program) =>
        Require(program, options.CgroupPath, nameof(HookOptions.CgroupPath), "the cgroup", "/sys/fs/cgroup/my.slice");

    public string BinaryPath(ObjectProgram program) =>
        Require(program, options.BinaryPath, nameof(HookOptions.BinaryPath), "the binary", "/usr/bin/bash");

    public string Symbol(ObjectProgram program, string example) =>
        Require(program, options.Symbol, nameof(HookOptions.Symbol), "the symbol", example);

    /// <summary>Tells libbpf what a program is attached to whose section does not.</summary>
    /// <returns>0, or libbpf's negative error number.</returns>
    public int SetAttachTarget(ObjectProgram program, string function) => opened!.SetAttachTarget(program, function);

    /// <summary>Throws when something was given that no program needs.</summary>
    public void CheckAllUsed()
    {
        (string Name, bool IsGiven)[] given =
        [
            (nameof(HookOptions.Tracepoint), options.Tracepoint is not null),
            (nameof(HookOptions.Function), options.Function is not null),
            (nameof(HookOptions.Interface), options.Interface.Count > 0),
            (nameof(HookOptions.XdpMode), options.XdpMode is not null),
            (nameof(HookOptions.Direction), options.Direction is not null),
            (nameof(HookOptions.CgroupPath), options.CgroupPath is not null),
            (nameof(HookOptions.BinaryPath), options.BinaryPath is not null),
            (nameof(HookOptions.Symbol), options.Symbol is not null),
            (nameof(HookOptions.ProcessId), options.ProcessId is not null),
            (nameof(HookOptions.Frequency), options.Frequency is not null),
        ];
        if (Array.Find(given, g => g.IsGiven && !_used.Contains(g.Name)).Name is { } unused)
        {
            throw new EbpfException(EbpfError.InvalidArgument,
                $"-{unused} was given, and no program that is to start leaves it open.",
                $"Leave -{unused} out: it is for programs whose section does not say what they are attached to.");
        }
    }

    private string Require(ObjectProgram program, string? value, string parameter, string what, string example) =>
        Use(value, parameter) ?? throw Missing(program, parameter, what, example);

    private T Use<T>(T value, string parameter)
    {
        _used.Add(parameter);
        return value;
    }

    private static EbpfException Missing(ObjectProgram program, string parameter, string what, string example) =>
        new(EbpfError.AttachTargetMissing, $"The program {program.Name} is in the section '{program.Section}', which leaves open {what}.",
            $"Give it: -{parameter} {example}; or name it in the section.");
}
