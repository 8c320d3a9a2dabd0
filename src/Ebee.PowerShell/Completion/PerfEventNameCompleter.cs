using System.Collections;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes names of perf events.</summary>
public sealed class PerfEventNameCompleter : ListCompleter
{
    private protected override IEnumerable<string> Items(IDictionary bound) => PerfEvents.Names;
}
