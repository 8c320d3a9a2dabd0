using Ebee.Bindings;
using Ebee.Host;
using Ebee.Native;
using Microsoft.Win32.SafeHandles;

namespace Ebee.Programs.Attaching;

/// <summary>The kernel's static tracepoints, by their id in tracefs; Linux 4.7.</summary>
internal sealed class TracepointKind : AttachKind
{
    private const uint PerfTypeTracepoint = 2; // PERF_TYPE_TRACEPOINT

    public override IReadOnlyList<string> Sections { get; } = ["tracepoint", "tp"];

    public override string? Named(ObjectProgram program, string parameter) => parameter == nameof(HookOptions.Tracepoint) ? program.Argument : null;

    public override IEnumerable<Hook> Resolve(ObjectProgram program, HookRequest request)
    {
        string name = request.Tracepoint(program).Replace('/', ':');
        int colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            throw new EbpfException(EbpfError.InvalidArgument, $"'{name}' names no tracepoint.", $"Give its category too; look for it: Get-EbpfTracepoint '*{name}*'.");
        }
        int id = Tracepoints.IdOf(name[..colon], name[(colon + 1)..]);
        yield return new Hook("tracepoint", name, (loaded, _) => Attach(loaded, name, id));
    }

    // libbpf 1.1 looks for tracefs at its usual places only; here it need not be mounted.
    private static Attachment Attach(ObjectProgram program, string name, int id)
    {
        PerfEventAttr attributes = new() { Type = PerfTypeTracepoint, Config = (ulong)id, SamplePeriod = 1, WakeupEvents = 1 };
        using SafeFileHandle perf = BpfCall.OpenPerfEvent(ref attributes, -1, 0, out int errno)
            ?? throw KernelErrors.Attach(program.Name, errno, "", name);
        return PerfEventKind.Attach(program, perf, name);
    }
}
