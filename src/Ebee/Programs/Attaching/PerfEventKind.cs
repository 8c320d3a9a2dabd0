using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>Samples of the CPU's clock, so many a second on each CPU; Linux 4.9.</summary>
internal sealed class PerfEventKind : AttachKind
{
    private const uint PerfTypeSoftware = 1; // PERF_TYPE_SOFTWARE, whose config 0 is PERF_COUNT_SW_CPU_CLOCK

    public override IReadOnlyList<string> Sections { get; } = ["perf_event"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        int frequency = request.Frequency;
        int? processId = request.ProcessId;
        if (frequency is < 1 or > 10_000)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"A frequency of {frequency} samples a second cannot be had.", "Give -Frequency 1 to 10000.");
        }
        foreach (int cpu in processId is null ? Processors.Online() : [-1])
        {
            string target = $"cpu-clock at {frequency} Hz" + (processId is { } id ? $" in process {id}" : $" on CPU {cpu}");
            yield return new Hook("perf_event", target, (loaded, _) => Sample(loaded, frequency, processId ?? -1, cpu, target));
        }
    }

    /// <summary>Attaches to an open perf event, of which the link keeps a descriptor of its own.</summary>
    internal static Attachment Attach(ObjectProgram program, SafeFileHandle perf, string target)
    {
        using LibBpfLog log = new();
        nint link = LibBpf.bpf_program__attach_perf_event(program.Handle, perf);
        Attachment attachment = Attachment.OfLink(link, program, target, log);
        perf.SetHandleAsInvalid(); // libbpf closes it with the link
        return attachment;
    }

    private static Attachment Sample(ObjectProgram program, int frequency, int processId, int cpu, string target)
    {
        PerfEventAttr attributes = new() { Type = PerfTypeSoftware, SampleFreq = (ulong)frequency, Freq = 1 };
        using SafeFileHandle perf = BpfCall.OpenPerfEvent(ref attributes, processId, cpu, out int errno)
            ?? throw (errno == Errno.Esrch
                ? new EbpfException(EbpfError.ProcessNotFound, $"There is no process {processId}.", "Look at Get-Process.")
                : KernelErrors.Attach(program.Name, errno, "", target));
        return Attach(program, perf, target);
    }
}
