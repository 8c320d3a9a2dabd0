using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Ebee.PowerShell.Formatting;

/// <summary>
/// The views of a session. PowerShell takes new ones only by reading all format files again, and gives up all, the new ones too, when
/// one of these is gone or broken by now. What it had read of such a file is kept then, from memory.
/// </summary>
internal sealed class SessionFormats(CommandInvocationIntrinsics commands, InitialSessionStateEntryCollection<SessionStateFormatEntry> formats)
{
    /// <summary>Adds views to those of the session.</summary>
    public void Add(IReadOnlyCollection<ExtendedTypeDefinition> views)
    {
        formats.Add(views.Select(view => new SessionStateFormatEntry(view)));
        SessionStateFormatEntry[] all = [.. formats]; // Update-FormatData empties the list when it fails
        Update();
        if (Read(views.First().TypeName).Any())
        {
            return;
        }
        ExtendedTypeDefinition[] before = [.. Read("*")];
        formats.Clear();
        formats.Add(all.Where(CanBeRead));
        Update();
        HashSet<string> after = [.. Read("*").SelectMany(definition => definition.TypeNames)];
        formats.Add(before.Where(definition => !after.Overlaps(definition.TypeNames)).Select(definition => new SessionStateFormatEntry(definition)));
        Update();
    }

    private void Update() => Run("Microsoft.PowerShell.Utility\\Update-FormatData -ErrorAction Ignore");

    private IEnumerable<ExtendedTypeDefinition> Read(string typeName) =>
        Run("Microsoft.PowerShell.Utility\\Get-FormatData -TypeName $args[0]", typeName).Select(found => found.BaseObject).OfType<ExtendedTypeDefinition>();

    private Collection<PSObject> Run(string script, params object[] arguments) =>
        commands.InvokeScript(script, true, PipelineResultTypes.None, null, arguments);

    private static bool CanBeRead(SessionStateFormatEntry entry)
    {
        try
        {
            _ = entry.FileName is null ? null : new FormatTable([entry.FileName]);
            return true;
        }
        catch (RuntimeException)
        {
            return false; // a FormatTableLoadException, and, of a file that is not there, a CommandNotFoundException
        }
    }
}
