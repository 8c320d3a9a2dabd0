using System.Collections;
using Ebee.Host;

namespace Ebee.PowerShell.Completion;

/// <summary>Completes functions of the binary that BinaryPath names.</summary>
public sealed class SymbolCompleter : ListCompleter
{
    private protected override IEnumerable<string> Items(IDictionary bound) =>
        bound["BinaryPath"] is string path ? ElfSymbols.Functions(Binaries.Find(path)).Select(function => function.Name) : [];
}
