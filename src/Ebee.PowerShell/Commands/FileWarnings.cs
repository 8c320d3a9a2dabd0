using System.Management.Automation;
using Ebee.Events;
using Ebee.Host;

namespace Ebee.PowerShell.Commands;

/// <summary>Warnings of files that another user could change, and that run with this user's rights.</summary>
internal static class FileWarnings
{
    private static int _looked;

    /// <summary>Warns of the module's own files, once in a process.</summary>
    public static void OfModule(Cmdlet cmdlet)
    {
        if (Interlocked.Exchange(ref _looked, 1) != 0)
        {
            return;
        }
        // The manifest may lie elsewhere, as in a checkout.
        string folder = Path.GetDirectoryName(typeof(FileWarnings).Assembly.Location)!;
        string? manifest = (cmdlet as PSCmdlet)?.MyInvocation.MyCommand.Module?.Path;
        if ((manifest is null || FileTrust.Doubt(manifest) is not { } doubt ? FileTrust.FindInFolder(folder) : (manifest, doubt)) is var (file, text))
        {
            cmdlet.WriteWarning(TerminalText.Escape($"{text}, and {file} is part of Ebee: it runs with your rights."));
        }
    }
}
