using System.Collections;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes network interfaces.</summary>
public sealed class InterfaceNameCompleter : ListCompleter
{
    private protected override IEnumerable<string> Items(IDictionary bound) => NetworkInterfaces.Names();
}
