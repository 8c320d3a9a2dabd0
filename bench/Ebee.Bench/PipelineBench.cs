using System.Diagnostics;
using Ebee.Events;
using Ebee.Tracers;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Bench;

/// <summary>
/// Objects per second of <c>Get-ExecEvent | Out-Null</c> from a ring that is kept full, against those of a trivial
/// cmdlet that writes events made before, in turn in the same pwsh (bench/pipeline.ps1).
/// </summary>
internal static class PipelineBench
{
    public static Measure Run() => PipelineTurns.Run("Get-ExecEvent", "pre-made objects", CaptureRecord(), 0.8, "bench/pipeline.ps1");

    /// <summary>A record of Ebee's own, as the kernel side wrote it.</summary>
    private static byte[] CaptureRecord()
    {
        using Probe<ExecEvent> probe = new ExecTracer().Start();
        uint id = Descriptors.FindRing(Environment.ProcessId);
        int fd = LibBpf.Check(LibBpf.bpf_map_get_fd_by_id(id), $"open the map {id}");
        using RingBufferReader reader = new(new SafeFileHandle(fd, ownsHandle: true), (uint)probe.BufferSize);
        using (Process date = Process.Start(new ProcessStartInfo("/bin/date", ["--utc", "--iso-8601=seconds"]) { RedirectStandardOutput = true })!)
        {
            date.WaitForExit();
        }
        while (reader.TryRead(out ReadOnlySpan<byte> record))
        {
            if (record.IndexOf("--iso-8601"u8) >= 0)
            {
                return record.ToArray();
            }
        }
        throw new InvalidOperationException("The exec of date was not seen.");
    }
}
