using System.IO.Enumeration;
using Ebee.Host;
using Ebee.Host.Features;
using Ebee.Programs.Attaching;

namespace Ebee.Programs;

/// <summary>
/// Which of an object's programs are loaded, and where each goes. Of alternatives for one hook the best that works is taken: what has
/// failed is remembered, and the next attempt takes the next.
/// </summary>
internal sealed class ProbePlan(ProbeOptions options, bool isVerifyOnly)
{
    private readonly Dictionary<string, EbpfException> _failed = new(StringComparer.Ordinal);
    private readonly List<string> _leftOut = [], _warnings = [];
    private readonly HashSet<string> _attached = new(StringComparer.Ordinal); // by name: the object may be closed when one fails
    private readonly Dictionary<string, HookAlternative> _hasNext = new(StringComparer.Ordinal);
    private EbpfException? _last;

    /// <summary>The programs that are not attached though nothing was said against it, and why: better ones are, or the hook is missing.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>What the user is to be told of it.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>What other programs call.</summary>
    public IReadOnlyList<TailCall> Calls { get; private set; } = [];

    /// <summary>Chooses programs and looks up where they go.</summary>
    /// <exception cref="EbpfException">An option is wrong, or a hook is missing.</exception>
    public List<(ObjectProgram Program, Hook[] Hooks)> Choose(OpenedObject opened)
    {
        _leftOut.Clear();
        _warnings.Clear();
        _attached.Clear();
        _hasNext.Clear();
        Calls = TailCalls.Of(opened.Elf, opened.Types);
        ObjectProgram[] all = [.. opened.Programs];
        ObjectProgram[] asked = Asked(opened, all);
        HashSet<string> called = [.. Calls.Select(call => call.Program).Except(options.ProgramName)];
        ObjectProgram[] callees = [.. all.Where(program => called.Contains(program.Name))];
        CheckCallees(callees);
        ObjectProgram[] candidates = [.. asked.Except(callees)];
        HookRequest request = new(options, opened, candidates);
        List<(ObjectProgram, Hook[])> chosen = [];
        HashSet<ObjectProgram> decided = [];
        foreach (ObjectProgram program in candidates)
        {
            if (!decided.Contains(program))
            {
                ObjectProgram[][] steps = Steps(program, candidates);
                if (isVerifyOnly && steps.Length > 1)
                {
                    chosen.AddRange(Verified(program, isLast: steps[^1].Contains(program), request)); // each has its verdict
                    continue;
                }
                decided.UnionWith(steps.SelectMany(step => step));
                chosen.AddRange(Take(steps, request, candidates.Length > 1));
            }
        }
        if (chosen.Count == 0 && _last is not null)
        {
            throw _last; // all were left out
        }
        _attached.UnionWith(chosen.Select(c => c.Item1.Name));
        foreach (ObjectProgram program in callees)
        {
            Loaded(program, request);
            chosen.Add((program, []));
        }
        request.CheckAllUsed();
        CheckOneXdp(chosen);
        opened.EnableOnly([.. chosen.Select(c => c.Item1)]);
        return [.. all.Join(chosen, program => program, c => c.Item1, (_, c) => c)];
    }

    /// <summary>Remembers what failed; false when nothing is left to try.</summary>
    public bool StepsDown(EbpfException e)
    {
        if (!IsAbsence(e.Error) || e.ProgramName is not { } program || !_attached.Contains(program) || (isVerifyOnly && e.Error == EbpfError.VerifierRejected))
        {
            return false;
        }
        bool hasNext = _hasNext.TryGetValue(program, out HookAlternative own);
        if (!hasNext && !(options.SkipMissing && IsMissingHook(e.Error)))
        {
            return false;
        }
        _failed[program] = _last = e;
        if (hasNext)
        {
            // A tool's programs belong together: begin and end are both fentry's, or neither is.
            foreach (string other in _hasNext.Where(other => other.Value.Rank == own.Rank && IsFunction(other.Value) == IsFunction(own)).Select(other => other.Key))
            {
                _failed.TryAdd(other, e);
            }
        }
        return true;
    }

    /// <summary>The error with the program that it is of, and how to start the others.</summary>
    public EbpfException Explain(ObjectProgram program, EbpfException e, bool hasOthers)
    {
        if (!IsMissingHook(e.Error) || isVerifyOnly)
        {
            return e;
        }
        string message = e.Message.Contains(program.Name, StringComparison.Ordinal) ? e.Message : $"The program {program.Name} cannot be attached: {e.Message}";
        string action = !hasOthers || options.SkipMissing ? e.RecommendedAction
            : $"{e.RecommendedAction} Or start the others without it: -SkipMissing, or -ExcludeProgram {program.Name}.";
        return new EbpfException(e.Error, message, action, e.Details, e) { ProgramName = program.Name };
    }

    private static bool IsFunction(HookAlternative alternative) => alternative.Family != "tracepoint";

    // What means that the kernel does not offer it, or may mean it.
    private static bool IsAbsence(EbpfError error) => IsMissingHook(error) || error is EbpfError.LoadFailed or EbpfError.VerifierRejected or EbpfError.PermissionDenied;

    private static bool IsMissingHook(EbpfError error) => error is EbpfError.TracepointNotFound or EbpfError.FunctionNotFound or EbpfError.SymbolNotFound
        or EbpfError.NotSupported or EbpfError.AttachFailed;

    private ObjectProgram[] Asked(OpenedObject opened, ObjectProgram[] all)
    {
        if (all.Length == 0)
        {
            return opened.MapNames.Any() ? [] : throw new EbpfException(EbpfError.InvalidObject, $"The object {opened.Name} has no program and no map.",
                "Put each program's function into a section that names its hook: SEC(\"tracepoint/syscalls/sys_enter_execve\").");
        }
        foreach (string name in options.ProgramName.Concat(options.ExcludeProgram))
        {
            if (!Array.Exists(all, program => Matches(name, program)))
            {
                throw new EbpfException(EbpfError.ProgramNotFound, $"The object {opened.Name} has no program '{name}'.",
                    $"It has these: {string.Join(", ", all.Select(program => program.Name))}.");
            }
        }
        ObjectProgram[] asked = [.. all.Where(program => options.ProgramName.Count == 0 ? program.IsEnabled : options.ProgramName.Any(name => Matches(name, program)))];
        if (asked.Length == 0)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"All programs of the object {opened.Name} are optional (SEC(\"?…\")).", $"Name some: -ProgramName {all[0].Name}.");
        }
        ObjectProgram[] left = [.. asked.Where(program => !options.ExcludeProgram.Any(name => Matches(name, program)))];
        return left.Length > 0 ? left : throw new EbpfException(EbpfError.InvalidArgument, $"-ExcludeProgram leaves no program of the object {opened.Name}.",
            $"Exclude fewer of these: {string.Join(", ", asked.Select(program => program.Name))}.");
    }

    private void CheckCallees(ObjectProgram[] callees)
    {
        if (callees.FirstOrDefault(program => options.ExcludeProgram.Any(name => Matches(name, program))) is { Handle: not 0 } excluded)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"The program {excluded.Name} cannot be left out: the map {Calls.First(call => call.Program == excluded.Name).Map} holds it, for others to call.",
                "Leave it out of -ExcludeProgram: it is loaded, and attached to nothing.");
        }
    }

    // The programs for one hook, best first; one step with one program where there are no alternatives, or the user chose.
    private ObjectProgram[][] Steps(ObjectProgram program, ObjectProgram[] candidates) =>
        options.ProgramName.Count > 0 || HookAlternative.Of(program) is not { } own ? [[program]]
            : [.. candidates.Where(c => HookAlternative.Of(c) is { } other && (other.Family, other.Target) == (own.Family, own.Target))
                .GroupBy(c => HookAlternative.Of(c)!.Value.Rank).OrderBy(step => step.Key).Select(step => step.ToArray())];

    private List<(ObjectProgram, Hook[])> Take(ObjectProgram[][] steps, HookRequest request, bool hasOthers)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            bool isLast = i == steps.Length - 1;
            List<(ObjectProgram, Hook[])> taken = [];
            EbpfException? why = null;
            foreach (ObjectProgram program in steps[i])
            {
                if (!isLast)
                {
                    _hasNext[program.Name] = HookAlternative.Of(program)!.Value;
                }
                try
                {
                    taken.Add((program, _failed.TryGetValue(program.Name, out EbpfException? failure) ? throw failure : Resolve(program, request)));
                }
                catch (EbpfException e) when (IsAbsence(e.Error) && (!isLast || (options.SkipMissing && IsMissingHook(e.Error))))
                {
                    why = _last = e;
                    _leftOut.Add($"{program.Name} ({program.Section}): {e.Message}");
                    if (isLast || e.Error == EbpfError.VerifierRejected)
                    {
                        _warnings.Add($"The program {program.Name} is left out: {e.Message}");
                    }
                    if (!isLast)
                    {
                        break;
                    }
                }
                catch (EbpfException e)
                {
                    throw Explain(program, e, hasOthers);
                }
            }
            if (why is null || isLast)
            {
                _leftOut.AddRange(steps[(i + 1)..].SelectMany(step => step)
                    .Select(other => $"{other.Name} ({other.Section}): {steps[i][0].Name} ({steps[i][0].Section}) is attached in its place"));
                return taken;
            }
        }
        return [];
    }

    private IEnumerable<(ObjectProgram, Hook[])> Verified(ObjectProgram program, bool isLast, HookRequest request)
    {
        if (!isLast)
        {
            _hasNext[program.Name] = HookAlternative.Of(program)!.Value;
        }
        return _failed.ContainsKey(program.Name) ? [] : [(program, Loaded(program, request))];
    }

    private Hook[] Resolve(ObjectProgram program, HookRequest request) => isVerifyOnly ? Loaded(program, request) : [.. AttachKinds.Of(program)?.Resolve(program, request) ?? []];

    // What is loaded and not attached needs its hook only where the verifier looks at it.
    private static Hook[] Loaded(ObjectProgram program, HookRequest request)
    {
        AttachKind? kind = AttachKinds.Of(program);
        try
        {
            return kind?.Resolve(program, request).ToArray() ?? [];
        }
        catch (EbpfException e) when (e.Error == EbpfError.NotSupported || (!kind!.IsTyped && e.Error is not (EbpfError.InvalidArgument or EbpfError.InvalidObject)))
        {
            request.Forgive();
            return [];
        }
    }

    private static void CheckOneXdp(List<(ObjectProgram Program, Hook[] Hooks)> chosen)
    {
        foreach (IGrouping<string, string> taken in chosen.SelectMany(c => c.Hooks.Where(hook => hook.Kind.StartsWith("xdp", StringComparison.Ordinal)), (c, hook) => (c.Program.Name, hook.Target))
            .GroupBy(c => c.Target, c => c.Name).Where(group => group.Count() > 1))
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"An interface takes one XDP program, and for {taken.Key} there are {taken.Count()}: {string.Join(", ", taken)}.",
                $"Choose one: -ProgramName {taken.First()}.");
        }
    }

    private static bool Matches(string pattern, ObjectProgram program) => FileSystemName.MatchesSimpleExpression(pattern, program.Name, ignoreCase: false);
}
