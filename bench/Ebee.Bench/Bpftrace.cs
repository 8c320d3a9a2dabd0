namespace Ebee.Bench;

/// <summary>The one-liner that Ebee is measured against. It needs a tracefs, which bench/run.sh mounts for itself.</summary>
internal static class Bpftrace
{
    public const string Program =
        """tracepoint:sched:sched_process_exec { printf("%d %s %s\n", pid, comm, str(args->filename)); }""";
}
