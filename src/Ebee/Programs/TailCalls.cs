using System.Buffers.Binary;
using System.Text;
using Ebee.Btf;

namespace Ebee.Programs;

/// <summary>A program that a map of programs holds from the start (<c>.values</c>): others call it, and no hook runs it.</summary>
/// <param name="Map">The map.</param>
/// <param name="Slot">Its key there.</param>
/// <param name="Program">The program.</param>
internal readonly record struct TailCall(string Map, int Slot, string Program)
{
    public override string ToString() => $"tail_call {Map}[{Slot}]";
}

/// <summary>What the maps of programs of an object hold from the start, by the relocations of its maps' definitions.</summary>
internal static class TailCalls
{
    private const int SectionSize = 64, SymbolSize = 24, RelocationSize = 16, PointerSize = 8;
    private const int FunctionType = 2, Relocations = 9; // STT_FUNC, SHT_REL

    /// <summary>All of them; none of an object that is damaged, of which libbpf says more.</summary>
    public static List<TailCall> Of(ReadOnlySpan<byte> elf, BtfBlob? types)
    {
        try
        {
            return elf.IsEmpty || types?.Find(BtfKind.DataSection, ".maps") is not { } maps ? [] : Read(elf, types, maps);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException or IndexOutOfRangeException)
        {
            return [];
        }
    }

    private static List<TailCall> Read(ReadOnlySpan<byte> elf, BtfBlob types, BtfType maps)
    {
        List<TailCall> calls = [];
        ReadOnlySpan<byte> sections = elf.Slice(checked((int)Long(elf, 0x28)), Short(elf, 0x3C) * SectionSize);
        for (int i = 0; i < sections.Length / SectionSize; i++)
        {
            ReadOnlySpan<byte> section = Section(sections, i);
            if (Int(section, 4) != Relocations || ElfSection.NameOf(elf, (int)Int(section, 0x2C)) != ".maps")
            {
                continue;
            }
            ReadOnlySpan<byte> table = Section(sections, (int)Int(section, 0x28));
            ReadOnlySpan<byte> symbols = Content(elf, table), names = Content(elf, Section(sections, (int)Int(table, 0x28)));
            for (ReadOnlySpan<byte> relocation = Content(elf, section); relocation.Length >= RelocationSize; relocation = relocation[RelocationSize..])
            {
                ReadOnlySpan<byte> symbol = symbols.Slice(checked((int)(Long(relocation, 8) >> 32) * SymbolSize), SymbolSize);
                if ((symbol[4] & 0xf) == FunctionType && Place(types, maps, checked((int)Long(relocation, 0))) is { } place)
                {
                    ReadOnlySpan<byte> name = names[(int)Int(symbol, 0)..];
                    calls.Add(new TailCall(place.Map, place.Slot, Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)])));
                }
            }
        }
        return calls;
    }

    // The values are the last member of the map's struct, a pointer each; its size in BTF is without them.
    private static (string Map, int Slot)? Place(BtfBlob types, BtfType maps, int offset)
    {
        (int variable, int start, _) = maps.Variables.Where(map => map.Offset <= offset).OrderByDescending(map => map.Offset).FirstOrDefault();
        return types.Resolve(types.Types[variable].Target).Members is [.., { Name: "values" } values]
            ? (types.Types[variable].Name, (offset - start - values.BitOffset / 8) / PointerSize) : null;
    }

    private static ReadOnlySpan<byte> Section(ReadOnlySpan<byte> sections, int number) => sections.Slice(number * SectionSize, SectionSize);

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> section) =>
        elf.Slice(checked((int)Long(section, 0x18)), checked((int)Long(section, 0x20)));

    private static ushort Short(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(data[offset..]);

    private static uint Int(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(data[offset..]);

    private static ulong Long(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(data[offset..]);
}
