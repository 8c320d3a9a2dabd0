namespace Ebee.Programs;

/// <summary>What came of a run of a program that nothing but a test caused.</summary>
public sealed class EbpfTestRun
{
    internal EbpfTestRun()
    {
    }

    /// <summary>The kernel's id of the program.</summary>
    public uint ProgramId { get; internal init; }

    /// <summary>The program's name.</summary>
    public string ProgramName { get; internal init; } = "";

    /// <summary>The kind of program, as bpftool names it: xdp, sched_cls, raw_tracepoint.</summary>
    public string ProgramType { get; internal init; } = "";

    /// <summary>What it returned; of several runs the last.</summary>
    public uint ReturnValue { get; internal init; }

    /// <summary>The name of that, such as XDP_PASS; null where it has none.</summary>
    public string? ReturnName { get; internal init; }

    /// <summary>The packet as the program left it; null for kinds that have no packet.</summary>
    public byte[]? Data { get; internal init; }

    /// <summary>The context as the program left it; null when none was given, or its kind does not give it back.</summary>
    public byte[]? Context { get; internal init; }

    /// <summary>Nanoseconds that a run took, on average, as the kernel measured them; null for kinds of which it does not.</summary>
    public uint? DurationNs { get; internal init; }

    /// <summary>How often it was run.</summary>
    public int Repeat { get; internal init; }
}
