using System.Buffers.Binary;
using System.Text;

namespace Ebee.Btf;

/// <summary>Finds a section of a 64-bit little-endian ELF file, which compiled BPF objects are.</summary>
internal static class ElfSection
{
    internal static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> elf, string name)
    {
        ReadOnlySpan<byte> headers = elf[(int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..])..];
        int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3A..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3C..]);
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3E..]);
        ReadOnlySpan<byte> names = Content(elf, headers[(namesIndex * size)..]);
        byte[] wanted = Encoding.ASCII.GetBytes(name + "\0");
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = headers[(i * size)..];
            if (names[(int)BinaryPrimitives.ReadUInt32LittleEndian(header)..].StartsWith(wanted))
            {
                return Content(elf, header);
            }
        }
        throw new InvalidDataException($"The object has no section {name}.");
    }

    /// <summary>The name of the section of a number.</summary>
    internal static string NameOf(ReadOnlySpan<byte> elf, int number)
    {
        ReadOnlySpan<byte> headers = elf[(int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..])..];
        int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3A..]);
        int namesIndex = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3E..]);
        ReadOnlySpan<byte> name = Content(elf, headers[(namesIndex * size)..])[(int)BinaryPrimitives.ReadUInt32LittleEndian(headers[(number * size)..])..];
        return Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
    }

    /// <summary>The names of all sections, one after the other.</summary>
    internal static ReadOnlySpan<byte> NamesOf(ReadOnlySpan<byte> elf)
    {
        ReadOnlySpan<byte> headers = elf[(int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..])..];
        return Content(elf, headers[(BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3E..]) * BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3A..]))..]);
    }

    /// <summary>Where in the file some bytes are, of all that two parts of it hold.</summary>
    internal static List<int> PlacesOf(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> wanted, ReadOnlySpan<byte> part, ReadOnlySpan<byte> otherPart)
    {
        List<int> places = [];
        Add(elf, wanted, part, places);
        Add(elf, wanted, otherPart, places);
        return places;

        static void Add(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> wanted, ReadOnlySpan<byte> part, List<int> places)
        {
            if (!elf.Overlaps(part, out int start))
            {
                return;
            }
            for (int at = 0; part[at..].IndexOf(wanted) is >= 0 and int next; at += next + wanted.Length)
            {
                places.Add(start + at + next);
            }
        }
    }

    private static ReadOnlySpan<byte> Content(ReadOnlySpan<byte> elf, ReadOnlySpan<byte> header) =>
        elf.Slice((int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]),
            (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x20..]));
}
