namespace Ebee.Host;

/// <summary>An entry of the kernel's trace: what a program printed, an event that was enabled, a mark.</summary>
public sealed class EbpfTraceMessage
{
    internal EbpfTraceMessage(DateTimeOffset? time, double? timestampSeconds, string name, int threadId, int processId, int cpu,
        string flags, string source, string message, bool recognized)
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
        Recognized = recognized;
    }

    /// <summary>When it was written, in local time. Null when the entry has no time, or the trace's clock counts none.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>What the entry says: seconds of the trace's own clock, or what that clock counts. Null when it says nothing.</summary>
    public double? TimestampSeconds { get; }

    /// <summary>The name of the thread (comm); &lt;...&gt; when the kernel has forgotten it.</summary>
    public string Name { get; }

    /// <summary>The thread's id in the first pid namespace; 0 when the entry has none.</summary>
    public int ThreadId { get; }

    /// <summary>The process's id when the trace's option record-tgid is on, else the same as <see cref="ThreadId"/>.</summary>
    public int ProcessId { get; }

    /// <summary>The processor; -1 when the entry has none.</summary>
    public int Cpu { get; }

    /// <summary>The kernel's state as letters, such as <c>...1.</c>; empty when it is not shown.</summary>
    public string Flags { get; }

    /// <summary>What wrote it: <c>bpf_trace_printk</c>, <c>tracing_mark_write</c>, the event's name; empty when the entry does not tell.</summary>
    public string Source { get; }

    /// <summary>The text, which may have line breaks. Of an entry of another form, all of it.</summary>
    public string Message { get; }

    /// <summary>
    /// Whether the entry has the form that the kernel gives it. If not, nothing but <see cref="Message"/> is known, and what stands in
    /// that of threads and times may have been written there by anybody.
    /// </summary>
    public bool Recognized { get; }

    /// <inheritdoc/>
    public override string ToString() => Message;
}
