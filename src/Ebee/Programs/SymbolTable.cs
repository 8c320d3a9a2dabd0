using System.Globalization;

namespace Ebee.Programs;

/// <summary>The names of addresses that programs call, from /proc/kallsyms, which shows them only with CAP_SYSLOG.</summary>
internal sealed class SymbolTable
{
    private readonly ulong[] _addresses;
    private readonly string[] _names;

    /// <summary>Reads them as they are now: programs come and go.</summary>
    public SymbolTable()
    {
        List<(ulong Address, string Name)> symbols = [];
        foreach (string line in Lines())
        {
            // address, type, name, and a module in brackets
            int type = line.IndexOf(' ', StringComparison.Ordinal), end = line.AsSpan(type + 3).IndexOfAny(' ', '\t');
            if (type > 0 && ulong.TryParse(line.AsSpan(0, type), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong address) && address != 0)
            {
                string name = end < 0 ? line[(type + 3)..] : line.Substring(type + 3, end);
                symbols.Add((address, name));
                if (name == "__bpf_call_base")
                {
                    CallBase = address;
                }
            }
        }
        // A stable order: several names can have one address.
        (ulong Address, string Name)[] sorted = [.. symbols.OrderBy(symbol => symbol.Address)];
        _addresses = Array.ConvertAll(sorted, symbol => symbol.Address);
        _names = Array.ConvertAll(sorted, symbol => symbol.Name);
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

    private static string[] Lines()
    {
        try
        {
            return File.ReadAllLines("/proc/kallsyms");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // then addresses are shown as they are
        }
    }
}
