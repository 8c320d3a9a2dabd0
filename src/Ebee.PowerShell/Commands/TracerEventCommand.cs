using System.Management.Automation;
using Ebee.PowerShell.Completion;
using Ebee.Tracers;

namespace Ebee.PowerShell.Commands;

/// <summary>
/// What every Get-…Event cmdlet of a tracer is: filters, the end of the stream, and the stream itself, read from the
/// kernel's ring on the pipeline thread.
/// </summary>
/// <typeparam name="TTracer">The tracer.</typeparam>
/// <typeparam name="TEvent">Its event.</typeparam>
public abstract class TracerEventCommand<TTracer, TEvent> : PSCmdlet, IDisposable
    where TTracer : Tracer<TEvent>, new()
    where TEvent : class
{
    private readonly CancellationTokenSource _stop = new();
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
    public string[] CgroupPath { get; set; } = [];

    /// <summary>Only processes of these running containers, by unique prefixes of their ids.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[] ContainerId { get; set; } = [];

    /// <summary>Failed system calls too.</summary>
    [Parameter]
    public SwitchParameter IncludeFailed { get; set; }

    /// <summary>The stream ends after so many events.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MaxEvents { get; set; }

    /// <summary>The stream ends after so long.</summary>
    [Parameter]
    [DurationTransformation]
    public TimeSpan Duration { get; set; }

    /// <summary>Bytes of the ring buffer.</summary>
    [Parameter]
    [ValidateRange(4096L, 1L << 30)]
    public long BufferSize { get; set; } = TracerOptions.DefaultBufferSize;

    /// <summary>Ends the stream and frees what it used. PowerShell promises to call this and nothing else.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Gathers processes from the pipeline: one stream is for all of them.</summary>
    protected override void ProcessRecord() => _processIds.AddRange(ProcessId);

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        try
        {
            Stream();
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name));
        }
    }

    /// <inheritdoc/>
    protected override void StopProcessing() => _stop.Cancel();

    /// <summary>Frees what the stream used.</summary>
    /// <param name="disposing">Whether it is not the finalizer that calls.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _probe?.Dispose();
            _stop.Dispose();
        }
    }

    private void Stream()
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
        using Probe<TEvent> probe = new TTracer().Start(options);
        _probe = probe;
        foreach (string skipped in probe.SkippedHooks)
        {
            WriteVerbose($"Not used: {skipped}");
        }
        WriteVerbose($"Attached: {probe.Hook}, with a buffer of {probe.BufferSize} bytes.");
        LossReport loss = new(WriteWarning, "Filter more in the kernel (-Name, -ProcessId, -UserName), do less for each event, " +
            "or give a greater -BufferSize, such as 64MB.");
        probe.OnLost = loss.Report;
        long? maxEvents = MyInvocation.BoundParameters.ContainsKey(nameof(MaxEvents)) ? MaxEvents : null;
        TimeSpan? duration = MyInvocation.BoundParameters.ContainsKey(nameof(Duration)) ? Duration : null;
        foreach (TEvent e in probe.Read(maxEvents, duration, _stop.Token))
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
