using System.Management.Automation;
using Ebee.Tracers;

namespace Ebee.PowerShell.Commands;

/// <summary>Streams deletions of files and directories as they happen.</summary>
[Cmdlet(VerbsCommon.Get, "FileDeleteEvent")]
[OutputType(typeof(FileDeleteEvent))]
public sealed class GetFileDeleteEventCommand : TracerEventCommand<FileDeleteTracer, FileDeleteEvent>;
