using Ebee.Host;

namespace Ebee.Programs;

/// <summary>The names of addresses that programs call, from /proc/kallsyms, which shows them only with CAP_SYSLOG.</summary>
internal sealed class SymbolTable
{
    private readonly ulong[] _addresses;
    private readonly string[] _names;

    /// <summary>Reads them as they are now: programs come and go.</summary>
    public SymbolTable()
    {
        // A stable order: several names can have one address.
        (ulong Address, char Type, string Name)[] sorted = [.. Kallsyms.Read().Where(symbol => symbol.Address != 0).OrderBy(symbol => symbol.Address)];
        _addresses = Array.ConvertAll(sorted, symbol => symbol.Address);
        _names = Array.ConvertAll(sorted, symbol => symbol.Name);
        CallBase = Array.FindLast(sorted, symbol => symbol.Name == "__bpf_call_base").Address;
    }

    /// <summary>What the kernel counts addresses of helpers from; 0 when it does not tell.</summary>
    public ulong CallBase { get; }

    /// <summary>The name of exactly this address; null when it has none. Of several, the one that bpftool shows.</summary>
    public string? Find(ulong address)
    {
        // The C library's bsearch, which decides among equals.
        for (int low = 0, high = _addresses.Length; low < high;)
        {
            int middle = (low + high) / 2;
            if (_addresses[middle] == address)
            {
                return _names[middle];
            }
            (low, high) = address < _addresses[middle] ? (low, middle) : (middle + 1, high);
        }
        return null;
    }
}
