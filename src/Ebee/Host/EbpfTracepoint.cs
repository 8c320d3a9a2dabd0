namespace Ebee.Host;

/// <summary>A tracepoint of the running kernel.</summary>
public sealed class EbpfTracepoint
{
    internal EbpfTracepoint(string category, string name, int id, EbpfTracepointField[] fields, string format)
    {
        Category = category;
        Name = name;
        Id = id;
        Fields = fields;
        Format = format;
    }

    /// <summary>The subsystem, such as <c>syscalls</c>.</summary>
    public string Category { get; }

    /// <summary>The name in its category, such as <c>sys_enter_execve</c>.</summary>
    public string Name { get; }

    /// <summary>The number by which perf_event_open knows it; it can differ from boot to boot.</summary>
    public int Id { get; }

    /// <summary>The fields of its record, in order; the first four are common to all.</summary>
    public EbpfTracepointField[] Fields { get; }

    /// <summary>How the kernel prints it: a format as of printf, and what goes into it.</summary>
    public string Format { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Category}:{Name}";
}
