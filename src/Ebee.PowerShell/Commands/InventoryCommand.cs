using System.Management.Automation;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>What the cmdlets have in common that list what the kernel holds.</summary>
public abstract class InventoryCommand : EbeeCommand
{
    /// <summary>Lists, once for all that the pipeline gave; an error of the kernel ends the cmdlet.</summary>
    protected override void EndProcessing()
    {
        try
        {
            using HostInventory inventory = new(own: SessionProbes.All);
            List(inventory);
            if (inventory.IsPartial)
            {
                WriteWarning("Only what this session has started is shown: this process lacks CAP_SYS_ADMIN, without which the kernel does " +
                    "not list what others have loaded. Run it as root to see all of it: sudo pwsh.");
            }
            if (inventory.UnreadableProcesses > 0)
            {
                WriteWarning($"{inventory.UnreadableProcesses} processes did not let their descriptors be read: ProcessId and " +
                    "ProcessName can lack some of those that hold an object. Run it as root to see all of them.");
            }
        }
        catch (EbpfException e)
        {
            ThrowTerminatingError(EbpfErrorRecord.From(e, MyInvocation.MyCommand.Name));
        }
    }

    /// <summary>Writes the objects.</summary>
    private protected abstract void List(HostInventory inventory);

    /// <summary>Writes what was found.</summary>
    private protected virtual void Write(object? found) => WriteObject(found);

    /// <summary>Writes the objects of these ids; each that is missing is an error that does not end the cmdlet.</summary>
    private protected void WriteById<T>(IEnumerable<uint> ids, Func<uint, T?> find, Func<string, EbpfException> missing) where T : class
    {
        foreach (uint id in ids)
        {
            if (find(id) is { } found)
            {
                Write(found);
            }
            else
            {
                WriteError(EbpfErrorRecord.From(missing($"the id {id}"), id));
            }
        }
    }

    /// <summary>
    /// Writes the objects that match one of these names, or all when there is no name; a name without wildcards that none has
    /// is an error that does not end the cmdlet.
    /// </summary>
    private protected void WriteByName<T>(IEnumerable<T> all, string[] names, Func<T, string> nameOf, Func<string, EbpfException> missing)
    {
        WildcardPattern?[] patterns = [.. names.Select(name => NamePattern.TryOf(this, name))];
        bool[] matched = new bool[patterns.Length];
        foreach (T item in all)
        {
            bool isWanted = patterns.Length == 0;
            for (int i = 0; i < patterns.Length; i++)
            {
                if (patterns[i]?.IsMatch(nameOf(item)) == true)
                {
                    isWanted = matched[i] = true;
                }
            }
            if (isWanted)
            {
                Write(item);
            }
        }
        for (int i = 0; i < names.Length; i++)
        {
            if (!matched[i] && !WildcardPattern.ContainsWildcardCharacters(names[i]))
            {
                WriteError(EbpfErrorRecord.From(missing($"the name '{names[i]}'"), names[i]));
            }
        }
    }
}
