using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>Samples of the CPU's clock or of what it or the kernel counts, so many a second on each CPU; Linux 4.9.</summary>
internal sealed class PerfEventKind : AttachKind
{
    public override IReadOnlyList<string> Sections { get; } = ["perf_event"];

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        int frequency = request.Frequency;
        int? processId = request.ProcessId;
        if (frequency is < 1 or > 10_000)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"A frequency of {frequency} samples a second cannot be had.", "Give -Frequency 1 to 10000.");
        }
        string name = request.PerfEvent;
        (uint Type, ulong Config) numbers = PerfEvents.Find(name);
        foreach (int cpu in processId is null ? Processors.Online() : [-1])
        {
            string target = $"{name} at {frequency} Hz" + (processId is { } id ? $" in process {id}" : $" on CPU {cpu}");
            yield return new Hook("perf_event", target, (loaded, _) => Sample(loaded, numbers, frequency, processId ?? -1, cpu, target));
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

    private static Attachment Sample(ObjectProgram program, (uint Type, ulong Config) numbers, int frequency, int processId, int cpu, string target)
    {
        PerfEventAttr attributes = new() { Type = numbers.Type, Config = numbers.Config, SampleFreq = (ulong)frequency, Freq = 1 };
        using SafeFileHandle perf = BpfCall.OpenPerfEvent(ref attributes, processId, cpu, out int errno)
            ?? throw (errno == Errno.Esrch
                ? new EbpfException(EbpfError.ProcessNotFound, $"There is no process {processId}.", "Look at Get-Process.")
                : errno is Errno.Enoent or Errno.Enodev or Errno.Eopnotsupp
                ? new EbpfException(EbpfError.NotSupported, $"The program {program.Name} cannot be attached to {target}: this machine's CPU counts no such event ({Errno.Name(errno)}).",
                    "Virtual machines often have no hardware events. Use one that the kernel counts: -PerfEvent page-faults; perf list shows them.") { ProgramName = program.Name }
                : KernelErrors.Attach(program.Name, errno, "", target));
        return Attach(program, perf, target);
    }
}
