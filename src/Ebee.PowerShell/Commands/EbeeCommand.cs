using System.Management.Automation;

namespace Ebee.PowerShell.Commands;

/// <summary>What every cmdlet is: one of the module that was imported, whose files others cannot change unwarned.</summary>
public abstract class EbeeCommand : PSCmdlet
{
    private const string Module = "Ebee";

    /// <summary>Sees that the code is of the module's version: a session keeps the first that it loaded, whatever is imported later.</summary>
    protected override void BeginProcessing()
    {
        Version code = typeof(EbeeCommand).Assembly.GetName().Version!;
        if (MyInvocation.MyCommand.Module is { Name: Module, Version: { } imported } module && !IsSame(code, imported))
        {
            ThrowTerminatingError(EbpfErrorRecord.From(new EbpfException(EbpfError.VersionMismatch,
                $"This session has loaded Ebee {code.ToString(3)} before, and goes on to run it: the imported version {imported} is not used.",
                $"Start a new session for it: pwsh -NoExit -Command \"Import-Module '{module.ModuleBase}'\"."), MyInvocation.MyCommand.Name));
        }
        FileWarnings.OfModule(this);
    }

    // A manifest's version may have no fourth number.
    private static bool IsSame(Version code, Version imported) =>
        (code.Major, code.Minor, code.Build) == (imported.Major, imported.Minor, Math.Max(imported.Build, 0));
}
