using System.Collections;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes the names of this session's probes.</summary>
public sealed class ProbeNameCompleter : ListCompleter
{
    private protected override IEnumerable<string> Items(IDictionary bound) => SessionProbes.All.Select(probe => probe.Name);
}
