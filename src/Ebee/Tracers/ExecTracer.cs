using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ebee.Events;
using Ebee.Host;

namespace Ebee.Tracers;

/// <summary>Process executions: one event for each successful execve, and for failed ones on request.</summary>
/// <example><code>
/// using var probe = new ExecTracer().Start();
/// foreach (ExecEvent e in probe.Read(maxEvents: 5)) Console.WriteLine(e.CommandLine);
/// </code></example>
public sealed class ExecTracer : Tracer<ExecEvent>
{
    /// <inheritdoc/>
    public override string Tool => "execsnoop";

    /// <inheritdoc/>
    public override string Description => "Show process executions as they happen.";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns { get; } =
    [
        Column("TIME", 15, e => e.Time.ToString("HH:mm:ss.ffffff")),
        Column("PID", 7, e => e.ProcessId.ToString()),
        Column("PPID", 7, e => e.ParentProcessId.ToString()),
        Column("USER", 10, e => e.UserName ?? e.UserId.ToString()),
        Column("NAME", 15, e => e.Name),
        Column("RET", 7, e => e.Error ?? "0"),
        Column("COMMAND", 40, e => e.Argument.Length > 0 ? e.CommandLine : e.FileName),
    ];

    /// <inheritdoc/>
    public override JsonTypeInfo JsonType => ExecEventJson.Default.ExecEvent;

    internal override string ObjectName => "exec";

    internal override IReadOnlyList<HookStep> Ladder { get; } =
    [
        new("tp_btf", ["exec_early_tp_btf"], ["failed_tp_btf"], "fork_tp_btf", "exit_tp_btf")
        {
            Early = ["prepare_tp_btf", "rename_tp_btf"], // the tracepoint sched_prepare_exec, Linux 6.9
            RunsOnEventsOnly = true,
        },
        new("tp_btf", ["exec_tp_btf"], ["failed_tp_btf"], "fork_tp_btf", "exit_tp_btf") { RunsOnEventsOnly = true },
        new("raw_tp", ["exec_raw_tp"], ["failed_raw_tp"], "fork_raw_tp", "exit_raw_tp") { RunsOnEventsOnly = true },
        new("tp", ["exec_tp"], ["failed_raw_tp"], "fork_raw_tp", "exit_raw_tp") { RunsOnEventsOnly = true },
    ];

    private protected override ExecEvent Decode(ReadOnlySpan<byte> record, long bootUtcTicks) => new(record, bootUtcTicks);
}

[JsonSerializable(typeof(ExecEvent))]
internal sealed partial class ExecEventJson : JsonSerializerContext;
