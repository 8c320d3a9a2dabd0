namespace Ebee.Btf;

/// <summary>Where C puts the fields of a struct or union, as clang lays them out for eBPF.</summary>
internal sealed class StructLayout(bool isUnion, bool isPacked)
{
    private long _bits; // up to where fields are
    private long _largest;
    private int _alignment = 1;

    /// <summary>Adds a field; its offset in bits.</summary>
    /// <param name="size">Bytes of its type.</param>
    /// <param name="alignment">Bytes.</param>
    /// <param name="bits">Of a bitfield its bits, where 0 ends the word; else null.</param>
    public int Add(int size, int alignment, int? bits)
    {
        int aligned = isPacked ? 1 : alignment;
        if (isUnion)
        {
            _bits = 0;
        }
        if (bits is 0)
        {
            _bits = AlignUp(_bits, alignment * 8);
            return (int)_bits;
        }
        long start = bits is { } width
            // A bitfield goes on where the last one ended, unless it would cross a border of its type.
            ? isPacked || _bits / (size * 8L) == (_bits + width - 1) / (size * 8L) ? _bits : AlignUp(_bits, alignment * 8)
            : AlignUp(_bits, aligned * 8);
        _alignment = Math.Max(_alignment, aligned);
        _bits = start + (bits ?? size * 8L);
        _largest = Math.Max(_largest, _bits);
        return start <= int.MaxValue ? (int)start : int.MaxValue;
    }

    /// <summary>Bytes of all, and their alignment.</summary>
    /// <param name="alignment">That of an attribute; 0 when there is none.</param>
    public (long Size, int Alignment) Finish(int alignment)
    {
        int aligned = Math.Max(_alignment, alignment);
        return (AlignUp(Math.Max(_largest, _bits), aligned * 8) / 8, aligned);
    }

    private static long AlignUp(long value, int to) => (value + to - 1) / to * to;
}
