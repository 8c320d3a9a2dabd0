using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Ebee.Host;

/// <summary>The functions of a 64-bit little-endian ELF file, and where in the file they begin, which is where a uprobe goes.</summary>
internal static class ElfSymbols
{
    private const long LargestFile = int.MaxValue - 64;
    private const int HeaderSize = 64, SectionSize = 64, SegmentSize = 56, SymbolSize = 24;
    private const int LongestName = 4096; // bytes: all symbols of a file may have one name, which ends nowhere
    private const uint SymbolTable = 2, DynamicSymbols = 11; // SHT_SYMTAB, SHT_DYNSYM
    private const int SegmentLoad = 1, FunctionType = 2, IndirectFunctionType = 10; // PT_LOAD, STT_FUNC, STT_GNU_IFUNC

    /// <summary>Where a function begins in the file; a name that is a number, such as 0x1140, is such a place itself.</summary>
    /// <exception cref="EbpfException">There is none of that name; the nearest are named.</exception>
    public static ulong Offset(string path, string function)
    {
        if (function.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && ulong.TryParse(function.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong offset))
        {
            return offset;
        }
        foreach ((string name, ulong position) in Functions(path))
        {
            if (name == function)
            {
                return position;
            }
        }
        throw NotFound(path, function);
    }

    /// <summary>All functions, those of the symbol table first; a stripped file has only what it exports.</summary>
    public static List<(string Name, ulong Offset)> Functions(string path)
    {
        try
        {
            return Read(RegularFile.Read(path, LargestFile));
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or OverflowException)
        {
            throw new EbpfException(EbpfError.SymbolNotFound, $"The symbols of '{path}' could not be read: {e.Message.TrimEnd('.')}.",
                "Give a 64-bit ELF binary or library.", inner: e);
        }
    }

    /// <summary>The error for a name that a file does not have.</summary>
    public static EbpfException NotFound(string path, string function)
    {
        List<(string Name, ulong Offset)> functions = Functions(path);
        string[] nearest = NearestNames.Of(function, functions.Select(f => f.Name));
        return new EbpfException(EbpfError.SymbolNotFound, $"'{path}' has no function '{function}'.",
            nearest.Length > 0 ? $"The nearest are {string.Join(", ", nearest)}."
                : functions.Count > 0 ? $"List its functions: nm --defined-only '{path}', and those that a library exports: nm -D --defined-only '{path}'."
                : "It has no symbols at all (it was stripped): give an offset in the file, such as 0x1140.");
    }

    private static List<(string, ulong)> Read(ReadOnlySpan<byte> elf)
    {
        if (elf.Length < HeaderSize || !elf.StartsWith("\u007fELF\u0002\u0001"u8))
        {
            throw new InvalidDataException("it is no 64-bit little-endian ELF file");
        }
        List<(string, ulong)> functions = [];
        ReadOnlySpan<byte> sections = elf.Slice((int)Long(elf, 0x28), Short(elf, 0x3C) * SectionSize);
        ReadOnlySpan<byte> segments = elf.Slice((int)Long(elf, 0x20), Short(elf, 0x38) * SegmentSize);
        foreach (uint wanted in (ReadOnlySpan<uint>)[SymbolTable, DynamicSymbols])
        {
            for (ReadOnlySpan<byte> section = sections; section.Length > 0; section = section[SectionSize..])
            {
                if (Int(section, 4) != wanted)
                {
                    continue;
                }
                ReadOnlySpan<byte> names = Content(elf, sections[((int)Int(section, 0x28) * SectionSize)..]);
                for (ReadOnlySpan<byte> symbol = Content(elf, section); symbol.Length >= SymbolSize; symbol = symbol[SymbolSize..])
                {
                    ulong address = Long(symbol, 8);
                    if ((symbol[4] & 0xf) is FunctionType or IndirectFunctionType && Short(symbol, 6) != 0 && FileOffset(segments, address) is { } offset)
                    {
                        ReadOnlySpan<byte> name = names[(int)Int(symbol, 0)..];
                        name = name[..Math.Min(name.Length, LongestName)];
                        functions.Add((Encoding.UTF8.GetString(name[..Math.Max(name.IndexOf((byte)0), 0)]), offset));
                    }
                }
            }
        }
        return functions;
    }

    private static ulong? FileOffset(ReadOnlySpan<byte> segments, ulong address)
    {
        for (; segments.Length > 0; segments = segments[SegmentSize..])
        {
            ulong start = Long(segments, 0x10);
            if (Int(segments, 0) == SegmentLoad && address >= start && address - start < Long(segments, 0x20))
            {
                return address - start + Long(segments, 8);
            }
        }
        return null;
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> section) =>
        elf.Slice(checked((int)Long(section, 0x18)), checked((int)Long(section, 0x20)));

    private static ushort Short(ReadOnlySpan<byte> data, int offset) => MemoryMarshal.Read<ushort>(data[offset..]);

    private static uint Int(ReadOnlySpan<byte> data, int offset) => MemoryMarshal.Read<uint>(data[offset..]);

    private static ulong Long(ReadOnlySpan<byte> data, int offset) => MemoryMarshal.Read<ulong>(data[offset..]);
}
