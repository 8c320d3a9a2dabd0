using System.Management.Automation;
using Ebee.Events;
using Ebee.Host;

namespace Ebee.PowerShell.Commands;

/// <summary>Streams the kernel's trace: what eBPF programs print, and what else is written there.</summary>
[Cmdlet(VerbsCommon.Get, "EbpfTrace")]
[OutputType(typeof(EbpfTraceMessage))]
public sealed class GetEbpfTraceCommand : StreamCommand
{
    private const int ReportIntervalMs = 5000;

    private TracePipe? _pipe;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _pipe?.Dispose();
        base.Dispose(disposing);
    }

    private protected override void Stream()
    {
        using TracePipe pipe = new();
        _pipe = pipe;
        WriteVerbose($"Attached: {Tracefs.Shown(pipe.Path)}; its clock is {pipe.Clock}.");
        long reported = 0, next = 0;
        void Report()
        {
            if (pipe.Lost > reported)
            {
                reported = pipe.Lost;
                WriteWarning($"{reported} entries of the trace were lost: the kernel overwrote them before they were read. " +
                    $"Print less, or make the buffer greater: echo 16384 > {Path.Combine(Path.GetDirectoryName(Tracefs.Shown(pipe.Path))!, "buffer_size_kb")}");
            }
        }
        pipe.OnLost = () =>
        {
            long now = Environment.TickCount64;
            if (now >= next)
            {
                next = now + ReportIntervalMs;
                Report();
            }
        };
        foreach (EbpfTraceMessage message in EventStream.Read(pipe, EventLimit, TimeLimit, StopToken))
        {
            WriteObject(message);
        }
        if (!Stopping)
        {
            Report();
            WriteVerbose($"Detached: {pipe.Seen} messages seen, {pipe.Lost} lost.");
        }
    }
}
