using System.Collections;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes functions of the kernel.</summary>
public sealed class KernelFunctionCompleter : ListCompleter
{
    private protected override IEnumerable<string> Items(IDictionary bound) => KernelFunctions.Names();
}
