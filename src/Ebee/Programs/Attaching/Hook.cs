namespace Ebee.Programs.Attaching;

/// <summary>One place that a program is to be attached to, with all that the user gave already looked at.</summary>
/// <param name="Kind">The kind, such as <c>tracepoint</c> or <c>tcx</c>.</param>
/// <param name="Target">The place, such as <c>syscalls:sys_enter_execve</c>.</param>
/// <param name="Attach">Attaches a loaded program of an object.</param>
internal sealed record Hook(string Kind, string Target, Func<ObjectProgram, LoadedObject, Attachment> Attach);
