namespace Ebee.Host;

/// <summary>Which function of the running kernel an address is in, from /proc/kallsyms; needs CAP_SYSLOG.</summary>
internal static class KernelSymbols
{
    private const ulong FirstKernelAddress = 1UL << 63;
    private const ulong LargestFunction = 1 << 24; // bytes; what is farther from a symbol is in none
    private const long Fresh = 1000; // ms

    private static volatile Table? _table;

    /// <summary>The function and the offset in it, <c>do_sys_open+0x1f</c>; the address itself where the kernel does not tell it.</summary>
    public static string Describe(ulong address)
    {
        if (address < FirstKernelAddress)
        {
            return $"0x{address:x}"; // a process's, which has its own symbols
        }
        Table table = _table ??= new Table();
        if (!table.IsCore(address) && Environment.TickCount64 - table.ReadAt > Fresh)
        {
            _table = table = new Table(); // modules and eBPF programs come and go
        }
        return table.Describe(address);
    }

    /// <summary>Has the next stack read them again: this process has brought programs into the kernel.</summary>
    public static void Forget() => _table = null;

    private sealed class Table
    {
        private readonly ulong[] _addresses;
        private readonly string[] _names;
        private readonly ulong _coreStart;
        private readonly ulong _coreEnd;

        // Where the symbols cannot be read, addresses are shown as they are.
        public Table()
        {
            (ulong Address, char Type, string Name)[] sorted =
                [.. Kallsyms.Read().Where(symbol => symbol.Type is 't' or 'T' or 'w' or 'W' && symbol.Address != 0).OrderBy(symbol => symbol.Address)];
            _addresses = Array.ConvertAll(sorted, symbol => symbol.Address);
            _names = Array.ConvertAll(sorted, symbol => symbol.Name);
            _coreStart = Array.Find(sorted, symbol => symbol.Name == "_stext").Address;
            _coreEnd = Array.Find(sorted, symbol => symbol.Name == "_etext").Address;
            ReadAt = Environment.TickCount64;
        }

        public long ReadAt { get; }

        // The kernel's own text stays as it is until the next boot.
        public bool IsCore(ulong address) => address >= _coreStart && address < _coreEnd;

        public string Describe(ulong address)
        {
            int found = Array.BinarySearch(_addresses, address);
            int index = found >= 0 ? found : ~found - 1;
            return index >= 0 && address - _addresses[index] < LargestFunction ? $"{_names[index]}+0x{address - _addresses[index]:x}" : $"0x{address:x}";
        }
    }
}
