using Ebee.Programs.Attaching;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs;

/// <summary>A program of a probe, and where it is attached.</summary>
public sealed class ProbeProgram
{
    internal ProbeProgram()
    {
    }

    /// <summary>The name of its function.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>What its SEC() says; empty when the probe was found by its pins.</summary>
    public string Section { get; internal init; } = "";

    /// <summary>The kind of program, as bpftool names it: tracing, raw_tracepoint, xdp, sched_cls.</summary>
    public string Type { get; internal init; } = "";

    /// <summary>The kernel's id of it.</summary>
    public uint ProgramId { get; internal init; }

    /// <summary>What it is attached to, such as <c>tracepoint syscalls:sys_enter_execve</c>; empty when something else runs it.</summary>
    public string[] Hook { get; internal init; } = [];

    /// <summary>The kernel's ids of its links; a hook may have none, such as a tracepoint before Linux 5.15.</summary>
    public uint[] LinkId { get; internal init; } = [];

    /// <summary>A descriptor of the program, valid until the probe stops.</summary>
    internal SafeFileHandle Handle { get; init; } = new();

    /// <summary>Its links, in the order of <see cref="LinkId"/>.</summary>
    internal Attachment[] Link { get; init; } = [];

    /// <summary>Its name and hooks.</summary>
    public override string ToString() => Hook.Length > 0 ? $"{Name}: {string.Join(", ", Hook)}" : Name;
}
