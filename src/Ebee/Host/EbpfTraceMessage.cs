namespace Ebee.Host;

/// <summary>A line of the kernel's trace: what a program printed, an event that was enabled, a mark.</summary>
public sealed class EbpfTraceMessage
{
    internal EbpfTraceMessage(DateTimeOffset? time, double? timestampSeconds, string name, int threadId, int processId, int cpu,
        string flags, string source, string message)
    {
        Time = time;
        TimestampSeconds = timestampSeconds;
        Name = name;
        ThreadId = threadId;
        ProcessId = processId;
        Cpu = cpu;
        Flags = flags;
        Source = source;
        Message = message;
    }

    /// <summary>When it was written, in local time. Null when the line has no time, or the trace's clock counts none.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>What the line says: seconds of the trace's own clock, or what that clock counts. Null when it says nothing.</summary>
    public double? TimestampSeconds { get; }

    /// <summary>The name of the thread (comm); &lt;...&gt; when the kernel has forgotten it.</summary>
    public string Name { get; }

    /// <summary>The thread's id in the first pid namespace; 0 when the line has none.</summary>
    public int ThreadId { get; }

    /// <summary>The process's id when the trace's option record-tgid is on, else the same as <see cref="ThreadId"/>.</summary>
    public int ProcessId { get; }

    /// <summary>The processor; -1 when the line has none.</summary>
    public int Cpu { get; }

    /// <summary>The kernel's state as letters, such as <c>...1.</c>; empty when it is not shown.</summary>
    public string Flags { get; }

    /// <summary>What wrote it: <c>bpf_trace_printk</c>, <c>tracing_mark_write</c>, the event's name; empty when the line does not tell.</summary>
    public string Source { get; }

    /// <summary>The text. Of a line that is of no known form, all of it.</summary>
    public string Message { get; }

    /// <inheritdoc/>
    public override string ToString() => Message;
}
