namespace Ebee.Programs.Attaching;

/// <summary>
/// Which hook a program is for, and how good its kind is for that, 0 the best: objects for several kernels have a program for each
/// kind, of which one is to be attached.
/// </summary>
/// <param name="Family">What is hooked: a tracepoint, a function's begin or its end.</param>
/// <param name="Target">Which of them.</param>
/// <param name="Rank">The step of the ladder.</param>
internal readonly record struct HookAlternative(string Family, string Target, int Rank)
{
    /// <summary>Of a program; null where its kind has no other.</summary>
    public static HookAlternative? Of(ObjectProgram program)
    {
        string target = program.Argument;
        return program.Section.Split('/')[0] switch
        {
            "tp_btf" => new("tracepoint", target, 0),
            "raw_tp" or "raw_tracepoint" => new("tracepoint", target, 1),
            "tp" or "tracepoint" => new("tracepoint", target[(target.IndexOf('/', StringComparison.Ordinal) + 1)..], 2),
            "fentry" or "fentry.s" => new("begin", target, 0),
            "kprobe" => new("begin", target, 1),
            "fexit" or "fexit.s" => new("end", target, 0),
            "kretprobe" => new("end", target, 1),
            _ => null,
        };
    }
}
