using System.Collections;
using System.Globalization;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes the ids of this session's probes.</summary>
public sealed class ProbeIdCompleter : ListCompleter
{
    private protected override IEnumerable<string> Items(IDictionary bound) =>
        SessionProbes.All.Select(probe => probe.Id.ToString(CultureInfo.InvariantCulture));
}
