using System.Management.Automation;
using Ebee.Programs;

namespace Ebee.PowerShell.Commands;

/// <summary>Which of this session's probes are meant.</summary>
internal static class ProbeSelection
{
    /// <summary>Those of the names and ids, or all when there are none; each that is missing is an error that does not end the cmdlet.</summary>
    public static List<EbpfProbe> Find(Cmdlet cmdlet, string[] names, int[] ids) => Find(cmdlet, names, ids, out _);

    /// <summary>The same; and whether there was such an error.</summary>
    public static List<EbpfProbe> Find(Cmdlet cmdlet, string[] names, int[] ids, out bool isMissing)
    {
        EbpfProbe[] all = [.. SessionProbes.All];
        isMissing = false;
        List<EbpfProbe> found = names.Length + ids.Length == 0 ? [.. all] : [];
        foreach (string name in names)
        {
            if (NamePattern.TryOf(cmdlet, name) is not { } pattern)
            {
                isMissing = true;
                continue;
            }
            EbpfProbe[] matching = Array.FindAll(all, probe => pattern.IsMatch(probe.Name));
            found.AddRange(matching);
            if (matching.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
            {
                isMissing = true;
                cmdlet.WriteError(EbpfErrorRecord.From(Missing($"the name '{name}'"), name));
            }
        }
        foreach (int id in ids)
        {
            if (Array.Find(all, probe => probe.Id == id) is { } probe)
            {
                found.Add(probe);
            }
            else
            {
                isMissing = true;
                cmdlet.WriteError(EbpfErrorRecord.From(Missing($"the id {id}"), id));
            }
        }
        return [.. found.Distinct()];
    }

    private static EbpfException Missing(string what) => new(EbpfError.ProbeNotFound, $"No probe of this session has {what}.",
        "List them: Get-EbpfProbe. Those that another session pinned: Get-EbpfProbe -PinPath.");
}
