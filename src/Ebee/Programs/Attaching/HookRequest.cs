using Ebee.Host;

namespace Ebee.Programs.Attaching;

/// <summary>The options of one start, with a note of which were needed.</summary>
/// <param name="options">They.</param>
/// <param name="opened">The object.</param>
/// <param name="programs">Its programs that are to be attached.</param>
internal sealed class HookRequest(HookOptions options, OpenedObject? opened = null, IReadOnlyCollection<ObjectProgram>? programs = null)
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private bool _isForgiving;

    /// <summary>For programs whose sections say all.</summary>
    public static HookRequest None => new(new HookOptions());

    public XdpMode XdpMode => Use(options.XdpMode, nameof(HookOptions.XdpMode)) ?? default;

    public TrafficDirection Direction => Use(options.Direction, nameof(HookOptions.Direction)) ?? default;

    public int? ProcessId => Use(options.ProcessId, nameof(HookOptions.ProcessId));

    public string PerfEvent => Use(options.PerfEvent, nameof(HookOptions.PerfEvent)) ?? "cpu-clock";

    public int Frequency => Use(options.Frequency, nameof(HookOptions.Frequency)) ?? 99;

    public string Tracepoint(ObjectProgram program) =>
        Named(program, options.Tracepoint, nameof(HookOptions.Tracepoint), "the tracepoint", "syscalls:sys_enter_execve");

    public string Function(ObjectProgram program, string example) =>
        Named(program, options.Function, nameof(HookOptions.Function), "the function", example);

    public IReadOnlyList<string> Interface(ObjectProgram program) => options.Interface.Count > 0
        ? Use(options.Interface, nameof(HookOptions.Interface))
        : throw Missing(program, nameof(HookOptions.Interface), "the network interface", "eth0");

    public string CgroupPath(ObjectProgram program) =>
        Require(program, options.CgroupPath, nameof(HookOptions.CgroupPath), "the cgroup", "/sys/fs/cgroup/my.slice");

    /// <summary>The binary's whole path.</summary>
    public string BinaryPath(ObjectProgram program) =>
        Binaries.Find(Named(program, options.BinaryPath, nameof(HookOptions.BinaryPath), "the binary", "/usr/bin/bash"), options.CurrentFolder);

    public string Symbol(ObjectProgram program, string example) =>
        Named(program, options.Symbol, nameof(HookOptions.Symbol), "the symbol", example);

    /// <summary>Tells libbpf what a program is attached to whose section does not.</summary>
    /// <returns>0, or libbpf's negative error number.</returns>
    public int SetAttachTarget(ObjectProgram program, string function) => opened!.SetAttachTarget(program, function);

    /// <summary>Makes it no error when something was given that no program needs: one was not looked at to its end.</summary>
    public void Forgive() => _isForgiving = true;

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
            (nameof(HookOptions.PerfEvent), options.PerfEvent is not null),
        ];
        if (!_isForgiving && Array.Find(given, g => g.IsGiven && !_used.Contains(g.Name)).Name is { } unused)
        {
            string[] names = [.. NamesOf(unused).Distinct()];
            throw names.Length > 1 ? new EbpfException(EbpfError.InvalidArgument,
                $"-{unused} was given, and the programs that are to start name several themselves: {string.Join(", ", names)}.",
                $"Choose the programs that it is for: -ProgramName {NamedBy(unused).First().Name}.")
                : new EbpfException(EbpfError.InvalidArgument,
                $"-{unused} was given, and no program that is to start leaves it open.",
                $"Leave -{unused} out: it is for programs whose section does not say what they are attached to.");
        }
    }

    // What the section names, unless the option stands in for it: where each program names the same, and none leaves it open.
    private string Named(ObjectProgram program, string? value, string parameter, string what, string example)
    {
        string? named = AttachKinds.Of(program)?.Named(program, parameter);
        string[] names = value is null ? [] : [.. NamesOf(parameter).Distinct()];
        return string.IsNullOrEmpty(named) || (value is not null && names.Length == 1 && names[0].Length > 0)
            ? Require(program, value, parameter, what, example) : named;
    }

    private IEnumerable<string> NamesOf(string parameter) => NamedBy(parameter).Select(program => AttachKinds.Of(program)!.Named(program, parameter)!);

    private IEnumerable<ObjectProgram> NamedBy(string parameter) => (programs ?? []).Where(program => AttachKinds.Of(program)?.Named(program, parameter) is not null);

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
