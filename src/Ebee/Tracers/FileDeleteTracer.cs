using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ebee.Events;
using Ebee.Host;

namespace Ebee.Tracers;

/// <summary>Deletions of files and directories: one event for each system call that deleted, on any file system.</summary>
/// <example><code>
/// using var probe = new FileDeleteTracer().Start(new() { Name = ["rm"] });
/// foreach (FileDeleteEvent e in probe.Read(maxEvents: 5)) Console.WriteLine(e.Path);
/// </code></example>
public sealed class FileDeleteTracer : Tracer<FileDeleteEvent>
{
    /// <inheritdoc/>
    public override string Tool => "rmdetect";

    /// <inheritdoc/>
    public override string Description => "Show deletions of files and directories as they happen.";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns { get; } =
    [
        Column("TIME", 15, e => e.Time.ToString("HH:mm:ss.ffffff")),
        Column("PID", 7, e => e.ProcessId.ToString()),
        Column("USER", 10, e => e.UserName ?? e.UserId.ToString()),
        Column("NAME", 15, e => e.Name),
        Column("OPERATION", 15, e => e.Operation.ToString()),
        Column("RET", 7, e => e.Error ?? "0"),
        Column("PATH", 40, e => e.Path),
    ];

    /// <inheritdoc/>
    public override JsonTypeInfo JsonType => FileDeleteEventJson.Default.FileDeleteEvent;

    internal override string ObjectName => "filedelete";

    internal override IReadOnlyList<HookStep> Ladder { get; } =
    [
        new("fentry", ["path_unlink_fentry", "path_rmdir_fentry", "path_rename_fentry", "unlink_fentry", "rmdir_fentry", "delete_fentry",
            "unlink_fexit", "rmdir_fexit", "rename_fexit"],
            ["failures_tp_btf"], "fork_tp_btf", "exit_tp_btf"),
        new("kprobe", ["path_unlink_kprobe", "path_rmdir_kprobe", "path_rename_kprobe", "unlink_kprobe", "rmdir_kprobe", "rename_kprobe", "delete_kprobe",
            "unlink_kretprobe", "rmdir_kretprobe", "rename_kretprobe"],
            ["failures_tp_btf"], "fork_tp_btf", "exit_tp_btf") { Missing = Kprobes.Missing },
        new("tp_btf", ["ctime_set", "ctime_exchange", "ctime_skip", "deletions_tp_btf", "request_queued"],
            [], "fork_tp_btf", "exit_tp_btf"),
        new("tp_btf", ["ctime_set", "ctime_exchange", "ctime_skip", "deletions_tp_btf"], // a kernel without io_uring
            [], "fork_tp_btf", "exit_tp_btf"),
        new("raw_tp", ["deletions_raw_tp"], [], "fork_raw_tp", "exit_raw_tp")
        {
            Lacks = "Paths are what the programs gave (PathResolved is false), and files that a rename destroys are not shown.",
        },
    ];

    private protected override FileDeleteEvent Decode(ReadOnlySpan<byte> record, long bootUtcTicks) => new(record, bootUtcTicks);
}

[JsonSerializable(typeof(FileDeleteEvent))]
internal sealed partial class FileDeleteEventJson : JsonSerializerContext;
