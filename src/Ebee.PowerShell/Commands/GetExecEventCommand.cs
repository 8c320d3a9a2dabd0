using System.Management.Automation;
using Ebee.Tracers;

namespace Ebee.PowerShell.Commands;

/// <summary>Streams process executions as they happen.</summary>
[Cmdlet(VerbsCommon.Get, "ExecEvent")]
[OutputType(typeof(ExecEvent))]
public sealed class GetExecEventCommand : TracerEventCommand<ExecTracer, ExecEvent>;
