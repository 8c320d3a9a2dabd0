namespace Ebee.Programs;

/// <summary>A program that the kernel holds, as it was when it was listed.</summary>
public sealed class EbpfProgram
{
    internal EbpfProgram()
    {
    }

    /// <summary>The kernel's id of it.</summary>
    public uint Id { get; internal init; }

    /// <summary>
    /// What it was loaded for: the function, the tracepoint or the type of the kernel, or the function of another program; null
    /// where its kind does not fix that.
    /// </summary>
    public string Name { get; internal init; } = "";

    /// <summary>The kind of program, as bpftool names it: tracing, raw_tracepoint, xdp, sched_cls.</summary>
    public string Type { get; internal init; } = "";

    /// <summary>What it was loaded for: the function, the tracepoint or the type of the kernel, or the function of another program.</summary>
    public string? AttachedTo { get; internal init; }

    /// <summary>A hash of its instructions, in hexadecimal.</summary>
    public string Tag { get; internal init; } = "";

    /// <summary>Whether it may call what is for GPL-compatible programs only.</summary>
    public bool GplCompatible { get; internal init; }

    /// <summary>When it was loaded, in local time.</summary>
    public DateTimeOffset LoadTime { get; internal init; }

    /// <summary>The user that loaded it.</summary>
    public uint UserId { get; internal init; }

    /// <summary>That user's name; null when the machine's user database does not know it.</summary>
    public string? UserName { get; internal init; }

    /// <summary>Bytes of its instructions, as the verifier left them.</summary>
    public uint TranslatedBytes { get; internal init; }

    /// <summary>Bytes of its machine code; 0 when it is interpreted.</summary>
    public uint JittedBytes { get; internal init; }

    /// <summary>Bytes of kernel memory that it is charged with.</summary>
    public ulong? MemoryLockedBytes { get; internal init; }

    /// <summary>The ids of the maps it uses.</summary>
    public uint[] MapId { get; internal init; } = [];

    /// <summary>The id of its BTF; null when it has none.</summary>
    public uint? BtfId { get; internal init; }

    /// <summary>Nanoseconds it ran; 0 unless the kernel counts them (sysctl kernel.bpf_stats_enabled).</summary>
    public ulong RunTimeNs { get; internal init; }

    /// <summary>How often it ran; 0 unless the kernel counts it (sysctl kernel.bpf_stats_enabled).</summary>
    public ulong RunCount { get; internal init; }

    /// <summary>How often it was not run since it was already running on that CPU.</summary>
    public ulong RecursionMisses { get; internal init; }

    /// <summary>How many instructions the verifier looked at; 0 before Linux 5.16.</summary>
    public uint VerifiedInstructions { get; internal init; }

    /// <summary>The processes that hold it, or a link of it, open.</summary>
    public int[] ProcessId { get; internal init; } = [];

    /// <summary>The names of these processes, in the same order.</summary>
    public string[] ProcessName { get; internal init; } = [];
}
