using System.Buffers.Binary;
using System.Text;
using Ebee.Programs;

namespace Ebee.Btf;

/// <summary>The line information of a compiled object (its section .BTF.ext).</summary>
internal static class ObjectLines
{
    private const int InstructionSize = 8, SymbolSize = 24, FunctionSymbol = 2; // STT_FUNC
    private const int RecordSize = 16; // struct bpf_line_info

    /// <summary>
    /// The source line of an instruction; null when the object does not say, or when the instruction is of a function that libbpf
    /// put behind the program's own.
    /// </summary>
    /// <param name="elf">The object file's bytes, which may be malformed.</param>
    /// <param name="program">The program's function.</param>
    /// <param name="instruction">The instruction's number in the program.</param>
    public static SourceLine? Find(ReadOnlySpan<byte> elf, string program, int instruction)
    {
        try
        {
            (string section, int start, int size) = Function(elf, program);
            return instruction < size / InstructionSize ? Line(elf, section, start, start + instruction * InstructionSize) : null;
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            return null;
        }
    }

    private static (string Section, int Start, int Size) Function(ReadOnlySpan<byte> elf, string name)
    {
        ReadOnlySpan<byte> symbols = ElfSection.Find(elf, ".symtab"), names = ElfSection.Find(elf, ".strtab");
        byte[] wanted = Encoding.UTF8.GetBytes(name + "\0");
        for (; symbols.Length >= SymbolSize; symbols = symbols[SymbolSize..])
        {
            if ((symbols[4] & 0xf) == FunctionSymbol && names[Int(symbols, 0)..].StartsWith(wanted))
            {
                return (ElfSection.NameOf(elf, BinaryPrimitives.ReadUInt16LittleEndian(symbols[6..])), Int(symbols, 8), Int(symbols, 16));
            }
        }
        throw new InvalidDataException($"The object has no function {name}.");
    }

    // Of the lines of a section, the last that begins at or before a place, and not before the function.
    private static SourceLine? Line(ReadOnlySpan<byte> elf, string section, int first, int place)
    {
        ReadOnlySpan<byte> btf = ElfSection.Find(elf, ".BTF"), extension = ElfSection.Find(elf, ".BTF.ext");
        ReadOnlySpan<byte> strings = btf[(Int(btf, 4) + Int(btf, 16))..];
        // struct btf_ext_header: magic, version, flags; hdr_len; offset and length of func_info, of line_info.
        ReadOnlySpan<byte> lines = extension[(Int(extension, 4) + Int(extension, 16))..][..Int(extension, 20)];
        int recordSize = Int(lines, 0);
        if (recordSize < RecordSize)
        {
            throw new InvalidDataException("The object's lines have no room for a place.");
        }
        byte[] wanted = Encoding.UTF8.GetBytes(section + "\0");
        int found = -1; // bytes before the end of all lines
        ReadOnlySpan<byte> all = lines;
        for (lines = lines[4..]; lines.Length > 0;)
        {
            bool isWanted = strings[Int(lines, 0)..].StartsWith(wanted);
            int count = Int(lines, 4);
            lines = lines[8..];
            // struct bpf_line_info: bytes into the section, file, text, then line and column in one.
            for (int i = 0; i < count; i++, lines = lines[recordSize..])
            {
                int offset = Int(lines, 0);
                if (isWanted && offset >= first && offset <= place)
                {
                    found = lines.Length;
                }
            }
        }
        if (found < 0)
        {
            return null;
        }
        ReadOnlySpan<byte> line = all[^found..];
        return new SourceLine(Text(strings, Int(line, 4)), Int(line, 12) >>> 10, Text(strings, Int(line, 8)).Trim());
    }

    private static int Int(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadInt32LittleEndian(data[offset..]);

    private static string Text(ReadOnlySpan<byte> strings, int offset)
    {
        ReadOnlySpan<byte> text = strings[offset..];
        int end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
