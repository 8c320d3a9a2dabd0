using System.Management.Automation;
using Ebee.Events;
using Ebee.PowerShell.Completion;
using Ebee.Tracers;

namespace Ebee.PowerShell.Commands;

/// <summary>
/// What every Get-…Event cmdlet of a tracer is: filters, the end of the stream, and the stream itself, read from the
/// kernel's ring on the pipeline thread.
/// </summary>
/// <typeparam name="TTracer">The tracer.</typeparam>
/// <typeparam name="TEvent">Its event.</typeparam>
public abstract class TracerEventCommand<TTracer, TEvent> : StreamCommand
    where TTracer : Tracer<TEvent>, new()
    where TEvent : class
{
    private Probe<TEvent>? _probe;
    private readonly List<int> _processIds = [];

    /// <summary>Only these processes, by id.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Id")]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int[] ProcessId { get; set; } = [];

    /// <summary>Not these processes, nor any of their descendants.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(ProcessIdCompleter))]
    public int[] ExcludeProcessId { get; set; } = [];

    /// <summary>With ProcessId: the processes' descendants too, also those born later.</summary>
    [Parameter]
    public SwitchParameter IncludeChildren { get; set; }

    /// <summary>Only processes of these names: exactly the kernel's, of which it keeps 15 bytes.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ProcessNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Only processes of these effective users, by name or id.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(UserNameCompleter))]
    public string[] UserName { get; set; } = [];

    /// <summary>Only processes in these cgroups or below them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(CgroupPathCompleter))]
    [ValidatePath]
    public string[] CgroupPath { get; set; } = [];

    /// <summary>Only processes of these running containers, by unique prefixes of their ids.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[] ContainerId { get; set; } = [];

    /// <summary>Failed system calls too.</summary>
    [Parameter]
    public SwitchParameter IncludeFailed { get; set; }

    /// <summary>Bytes of the ring buffer.</summary>
    [Parameter]
    [ValidateRange(4096L, 1L << 30)]
    public long BufferSize { get; set; } = TracerOptions.DefaultBufferSize;

    /// <summary>Gathers processes from the pipeline: one stream is for all of them.</summary>
    protected override void ProcessRecord() => _processIds.AddRange(ProcessId);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _probe?.Dispose();
        }
        base.Dispose(disposing);
    }

    private protected override void Stream()
    {
        if (MyInvocation.ExpectingInput && _processIds.Count == 0)
        {
            throw new EbpfException(EbpfError.ProcessNotFound, "The pipeline gave no process to trace.",
                "Look at what comes before: Get-Process, for one, gives nothing for a name that no process has.");
        }
        TracerOptions options = new()
        {
            ProcessId = _processIds,
            ExcludeProcessId = ExcludeProcessId,
            IncludeChildren = IncludeChildren,
            Name = Name,
            UserName = UserName,
            CgroupPath = CgroupPath,
            ContainerId = ContainerId,
            IncludeFailed = IncludeFailed,
            BufferSize = BufferSize,
        };
        using Probe<TEvent> probe = new TTracer().Start(options, StopToken);
        _probe = probe;
        foreach (string skipped in probe.SkippedHooks)
        {
            WriteVerbose(TerminalText.EscapeLines($"Not used: {skipped}"));
        }
        if (probe.Shortcoming is { } shortcoming)
        {
            WriteWarning($"The hook {probe.Hook} is used, as this kernel offers no better one here. {shortcoming} -Verbose says why.");
        }
        WriteVerbose($"Attached: {probe.Hook}, with a buffer of {probe.BufferSize} bytes.");
        LossReport loss = new(WriteWarning, "Filter more in the kernel (-Name, -ProcessId, -UserName), do less for each event, " +
            "or give a greater -BufferSize, such as 64MB.");
        probe.OnLost = loss.Report;
        foreach (TEvent e in probe.Read(EventLimit, TimeLimit, StopToken))
        {
            WriteObject(e);
        }
        if (!Stopping)
        {
            loss.Finish(probe);
            WriteVerbose($"Detached: {probe.Seen} events seen, {probe.Lost} lost, {probe.Discarded} discarded.");
        }
    }
}
