namespace Ebee.Host;

/// <summary>Which function of the running kernel an address is in, from /proc/kallsyms; needs CAP_SYSLOG.</summary>
internal static class KernelSymbols
{
    private const ulong FirstKernelAddress = 1UL << 63;
    private const ulong LargestFunction = 1 << 24; // bytes; what is farther from a symbol is in none

    private static readonly Lazy<(ulong[] Addresses, string[] Names)> Table = new(Read);

    /// <summary>The function and the offset in it, <c>do_sys_open+0x1f</c>; the address itself where the kernel does not tell it.</summary>
    public static string Describe(ulong address)
    {
        if (address < FirstKernelAddress)
        {
            return $"0x{address:x}"; // a process's, which has its own symbols
        }
        (ulong[] addresses, string[] names) = Table.Value;
        int found = Array.BinarySearch(addresses, address);
        int index = found >= 0 ? found : ~found - 1;
        return index >= 0 && address - addresses[index] < LargestFunction ? $"{names[index]}+0x{address - addresses[index]:x}" : $"0x{address:x}";
    }

    // Where they cannot be read, addresses are shown as they are.
    private static (ulong[] Addresses, string[] Names) Read()
    {
        (ulong Address, char Type, string Name)[] sorted =
            [.. Kallsyms.Read().Where(symbol => symbol.Type is 't' or 'T' or 'w' or 'W' && symbol.Address != 0).OrderBy(symbol => symbol.Address)];
        return (Array.ConvertAll(sorted, symbol => symbol.Address), Array.ConvertAll(sorted, symbol => symbol.Name));
    }
}
