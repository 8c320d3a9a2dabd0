using System.Management.Automation;
using Ebee.Events;

namespace Ebee.PowerShell.Commands;

/// <summary>The one place where an error of the library becomes PowerShell's.</summary>
internal static class EbpfErrorRecord
{
    public static ErrorRecord From(EbpfException e, object target) => new(e, e.ErrorId, Category(e.Error), target)
    {
        ErrorDetails = new ErrorDetails(Shown(e)) { RecommendedAction = TerminalText.Escape(e.RecommendedAction) },
    };

    // What PowerShell prints; the exception keeps its message as it is. A refusal has lines, of which each is an instruction.
    private static string Shown(EbpfException e) =>
        e.Error == EbpfError.VerifierRejected ? TerminalText.EscapeLines(e.Message) : TerminalText.Escape(e.Message);

    private static ErrorCategory Category(EbpfError error) => error switch
    {
        EbpfError.PermissionDenied => ErrorCategory.PermissionDenied,
        EbpfError.InvalidArgument => ErrorCategory.InvalidArgument,
        EbpfError.LibBpfNotFound or EbpfError.KernelTooOld or EbpfError.NoBtf or EbpfError.NotLinux
            or EbpfError.TracefsNotMounted or EbpfError.BpffsNotMounted or EbpfError.ClangNotFound => ErrorCategory.NotInstalled,
        EbpfError.UserNotFound or EbpfError.ProcessNotFound or EbpfError.CgroupNotFound or EbpfError.ContainerNotFound
            or EbpfError.ProgramNotFound or EbpfError.LinkNotFound or EbpfError.MapNotFound
            or EbpfError.TracepointNotFound or EbpfError.FunctionNotFound or EbpfError.SymbolNotFound
            or EbpfError.InterfaceNotFound or EbpfError.ProbeNotFound or EbpfError.GlobalNotFound
            or EbpfError.MapEntryNotFound or EbpfError.FeatureNotFound
            => ErrorCategory.ObjectNotFound,
        EbpfError.TraceBusy or EbpfError.EventsBusy => ErrorCategory.ResourceBusy,
        EbpfError.AttachTargetMissing or EbpfError.EventTypeUnknown or EbpfError.InvalidValue => ErrorCategory.InvalidArgument,
        EbpfError.InvalidBtf or EbpfError.InvalidObject or EbpfError.ObjectUnsafe or EbpfError.VerifierRejected => ErrorCategory.InvalidData,
        EbpfError.FileUntrusted => ErrorCategory.SecurityError,
        EbpfError.CompileFailed => ErrorCategory.ParserError,
        EbpfError.NotSupported => ErrorCategory.NotImplemented,
        EbpfError.FileExists => ErrorCategory.ResourceExists,
        EbpfError.FileFailed => ErrorCategory.OpenError,
        EbpfError.VersionMismatch => ErrorCategory.InvalidOperation,
        _ => ErrorCategory.ResourceUnavailable,
    };
}
