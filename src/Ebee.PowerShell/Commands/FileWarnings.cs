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
        string folder = Path.GetDirectoryName(typeof(FileWarnings).Assembly.Location)!;
        if (!Directory.Exists(folder))
        {
            return; // an update or an uninstallation removed it: nothing of it can be changed, and what is missing is told where it is needed
        }
        string? manifest = (cmdlet as PSCmdlet)?.MyInvocation.MyCommand.Module?.Path; // which may lie elsewhere, as in a checkout
        if (FileTrust.FindFirst([.. manifest is null ? Array.Empty<string>() : [manifest], .. FileTrust.CodeIn(folder)]) is var (file, doubt))
        {
            cmdlet.WriteWarning(TerminalText.Escape($"{doubt.Text}, and {file} is part of Ebee: it runs with your rights. As root: {doubt.Remedy}."));
        }
    }

    /// <summary>Warns of a file whose types are about to become a header, which programs for the kernel include.</summary>
    public static void OfTypes(Cmdlet cmdlet, string file)
    {
        if (FileStatus.Of(file) is not null && FileTrust.Find(file, likeEbee: true) is { } doubt)
        {
            cmdlet.WriteWarning(TerminalText.Escape($"{doubt.Text}, and the header is made of {file}: look at it before you include it."));
        }
    }
}
