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
        foreach (string file in Directory.EnumerateFiles(folder).Where(file => Path.GetExtension(file) is ".dll" or ".psd1" or ".ps1xml"))
        {
            if (FileTrust.Doubt(file) is { } doubt)
            {
                cmdlet.WriteWarning(TerminalText.Escape($"{doubt}, and {file} is part of Ebee: it runs with your rights."));
                return;
            }
        }
    }

    /// <summary>Warns of a file whose programs are about to go into the kernel.</summary>
    public static void OfPrograms(Cmdlet cmdlet, string file)
    {
        if (FileTrust.Doubt(file) is { } doubt)
        {
            cmdlet.WriteWarning(TerminalText.Escape($"{doubt}, and the programs of {file} run in the kernel."));
        }
    }
}
