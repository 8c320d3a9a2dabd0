using System.Buffers.Binary;
using System.Text;

namespace Ebee.Btf;

/// <summary>
/// The types of a compiled object's debug information (DWARF 4 and 5), which has those of local variables too: BTF has only what the
/// signatures of functions, global variables and maps lead to.
/// </summary>
internal sealed class DebugTypes
{
    private const int MostEntries = 1 << 20;

    private readonly byte[] _info, _abbreviations, _strings, _stringOffsets, _lineStrings;
    private readonly SortedDictionary<int, Entry> _entries = []; // by where they are in .debug_info
    private int _at;

    private DebugTypes(ReadOnlySpan<byte> elf)
    {
        _info = Section(elf, ".debug_info");
        _abbreviations = Section(elf, ".debug_abbrev");
        _strings = Section(elf, ".debug_str");
        _stringOffsets = Section(elf, ".debug_str_offsets");
        _lineStrings = Section(elf, ".debug_line_str");
    }

    // DW_TAG_…: those of types and of their parts.
    private enum Tag
    {
        Array = 0x01, Enumeration = 0x04, Member = 0x0d, Pointer = 0x0f, Structure = 0x13, Subroutine = 0x15, Typedef = 0x16, Union = 0x17,
        Subrange = 0x21, Base = 0x24, Const = 0x26, Enumerator = 0x28, Volatile = 0x35, Restrict = 0x37,
    }

    // DW_AT_…
    private enum Attribute
    {
        Name = 0x03, ByteSize = 0x0b, BitOffset = 0x0c, BitSize = 0x0d, ConstValue = 0x1c, UpperBound = 0x2f, Count = 0x37, MemberLocation = 0x38,
        Declaration = 0x3c, Encoding = 0x3e, Type = 0x49, DataBitOffset = 0x6b, StringOffsetsBase = 0x72,
    }

    /// <summary>They; null when the object has none that can be read: it may be stripped, or malformed.</summary>
    public static BtfBlob? Of(ReadOnlySpan<byte> elf)
    {
        try
        {
            DebugTypes types = new(elf);
            types.ReadUnits();
            return types._entries.Count == 0 ? null : BtfBlob.Of(types.Convert()).CheckReferences();
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or IndexOutOfRangeException or OverflowException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static byte[] Section(ReadOnlySpan<byte> elf, string name)
    {
        try
        {
            return ElfSection.Find(elf, name).ToArray();
        }
        catch (InvalidDataException)
        {
            return []; // not every version has all
        }
    }

    private void ReadUnits()
    {
        for (int unit = 0; unit < _info.Length;)
        {
            _at = unit;
            int end = checked(unit + 4 + (int)Fixed(4)), version = (int)Fixed(2);
            if (end <= unit || end > _info.Length || version is not (4 or 5))
            {
                throw new InvalidDataException("The debug information is of no version that is known.");
            }
            _at += version == 5 ? 2 : 0; // its kind, and the size of addresses
            Dictionary<ulong, Abbreviation> abbreviations = Abbreviations((int)Fixed(4));
            _at += version == 5 ? 0 : 1;
            ReadEntries(unit, end, abbreviations);
            unit = end;
        }
    }

    private void ReadEntries(int unit, int end, Dictionary<ulong, Abbreviation> abbreviations)
    {
        Stack<Entry?> parents = new();
        int stringsBase = 8;
        while (_at < end)
        {
            int place = _at;
            ulong code = Unsigned(_info, ref _at);
            if (code == 0)
            {
                _ = parents.TryPop(out _);
                continue;
            }
            Abbreviation abbreviation = abbreviations[code];
            Entry entry = new(abbreviation.Tag);
            foreach ((Attribute attribute, int form, long constant) in abbreviation.Attributes)
            {
                (long number, string? text) = Value(form, constant, unit, stringsBase);
                entry.Values[attribute] = number;
                entry.Name = attribute == Attribute.Name ? text ?? "" : entry.Name;
                stringsBase = attribute == Attribute.StringOffsetsBase ? (int)number : stringsBase;
            }
            if (Enum.IsDefined(entry.Tag))
            {
                parents.TryPeek(out Entry? parent);
                if (entry.Tag is Tag.Member or Tag.Enumerator or Tag.Subrange)
                {
                    parent?.Parts.Add(entry);
                }
                else if (_entries.Count < MostEntries)
                {
                    _entries[place] = entry;
                }
            }
            if (abbreviation.HasChildren)
            {
                parents.Push(entry);
            }
        }
    }

    private Dictionary<ulong, Abbreviation> Abbreviations(int at)
    {
        Dictionary<ulong, Abbreviation> all = [];
        for (ulong code; (code = Unsigned(_abbreviations, ref at)) != 0;)
        {
            Tag tag = (Tag)Unsigned(_abbreviations, ref at);
            bool hasChildren = _abbreviations[at++] != 0;
            List<(Attribute, int, long)> attributes = [];
            while (true)
            {
                int attribute = (int)Unsigned(_abbreviations, ref at), form = (int)Unsigned(_abbreviations, ref at);
                long constant = form == 0x21 ? Signed(_abbreviations, ref at) : 0; // DW_FORM_implicit_const
                if (attribute == 0 && form == 0)
                {
                    break;
                }
                attributes.Add(((Attribute)attribute, form, constant));
            }
            all[code] = new Abbreviation(tag, hasChildren, [.. attributes]);
        }
        return all;
    }

    // By DW_FORM_…; what types do not need is skipped.
    private (long Number, string? Text) Value(int form, long constant, int unit, int stringsBase) => form switch
    {
        0x0b or 0x0c => (Fixed(1), null),                           // data1, flag
        0x05 => (Fixed(2), null),                                   // data2
        0x06 or 0x17 => (Fixed(4), null),                           // data4, sec_offset
        0x01 or 0x07 or 0x20 => (Fixed(8), null),                   // addr, data8, ref_sig8
        0x1e => (Skip(16), null),                                   // data16
        0x0d => (Signed(_info, ref _at), null),                     // sdata
        0x0f or 0x1b or 0x22 or 0x23 => ((long)Unsigned(_info, ref _at), null), // udata, addrx, loclistx, rnglistx
        0x19 => (1, null),                                          // flag_present
        0x21 => (constant, null),                                   // implicit_const
        0x11 => (unit + Fixed(1), null),                            // ref1
        0x12 => (unit + Fixed(2), null),                            // ref2
        0x13 => (unit + Fixed(4), null),                            // ref4
        0x14 => (unit + Fixed(8), null),                            // ref8
        0x15 => (unit + (long)Unsigned(_info, ref _at), null),      // ref_udata
        0x10 => (Fixed(4), null),                                   // ref_addr
        0x03 => (Skip(Fixed(2)), null),                             // block2
        0x04 => (Skip(Fixed(4)), null),                             // block4
        0x0a => (Skip(Fixed(1)), null),                             // block1
        0x09 or 0x18 => (Skip((long)Unsigned(_info, ref _at)), null), // block, exprloc
        0x29 or 0x2a or 0x2b or 0x2c => (Fixed(form - 0x28), null), // addrx1 …
        0x08 => (0, Inline()),                                      // string
        0x0e => (0, Text(_strings, Fixed(4))),                      // strp
        0x1f => (0, Text(_lineStrings, Fixed(4))),                  // line_strp
        0x1a => (0, Indexed((long)Unsigned(_info, ref _at), stringsBase)), // strx
        0x25 or 0x26 or 0x27 or 0x28 => (0, Indexed(Fixed(form - 0x24), stringsBase)), // strx1 …
        _ => throw new InvalidDataException($"The debug information has the form {form:x}."),
    };

    private string Indexed(long index, int stringsBase) =>
        Text(_strings, BinaryPrimitives.ReadUInt32LittleEndian(_stringOffsets.AsSpan(checked((int)(stringsBase + 4 * index)))));

    private string Inline()
    {
        string text = Text(_info, _at);
        _at = Array.IndexOf(_info, (byte)0, _at) + 1;
        return text;
    }

    private static string Text(byte[] section, long at)
    {
        ReadOnlySpan<byte> text = section.AsSpan(checked((int)at));
        return Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
    }

    private long Fixed(int bytes)
    {
        ulong number = 0;
        for (int i = 0; i < bytes; i++)
        {
            number |= (ulong)_info[_at++] << (8 * i);
        }
        return (long)number;
    }

    private long Skip(long bytes)
    {
        _at = bytes >= 0 ? checked((int)(_at + bytes)) : throw new InvalidDataException("The debug information goes back.");
        return 0;
    }

    private static ulong Unsigned(byte[] data, ref int at)
    {
        ulong number = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = data[at++];
            number |= shift < 64 ? (ulong)(b & 0x7f) << shift : 0;
            if (b < 0x80)
            {
                return number;
            }
        }
    }

    private static long Signed(byte[] data, ref int at)
    {
        int start = at;
        ulong number = Unsigned(data, ref at);
        int bits = 7 * (at - start);
        return bits < 64 && (data[at - 1] & 0x40) != 0 ? (long)(number | ulong.MaxValue << bits) : (long)number;
    }

    private List<BtfType> Convert()
    {
        Dictionary<long, int> numbers = [];
        foreach (int place in _entries.Keys)
        {
            numbers[place] = numbers.Count + 1;
        }
        List<BtfType> types = [new(0, BtfKind.Void, "void", 0, 0)], rows = [];
        int next = numbers.Count + 1;
        int TypeOf(Entry entry) => entry.Values.TryGetValue(Attribute.Type, out long place) ? numbers[place] : 0;
        foreach (Entry entry in _entries.Values)
        {
            int id = types.Count, size = checked((int)entry[Attribute.ByteSize]);
            BtfType Plain(BtfKind kind) => new(id, kind, entry.Name, size, TypeOf(entry));
            types.Add(entry.Tag switch
            {
                Tag.Base when entry[Attribute.Encoding] == 4 => Plain(BtfKind.Float),
                Tag.Base => Plain(BtfKind.Int) with { IsSigned = entry[Attribute.Encoding] is 5 or 6, IsBoolean = entry[Attribute.Encoding] == 2, Bits = 8 * size },
                Tag.Structure or Tag.Union when entry[Attribute.Declaration] != 0 => new(id, BtfKind.Forward, entry.Name, 0, 0),
                Tag.Structure or Tag.Union => new(id, entry.Tag == Tag.Union ? BtfKind.Union : BtfKind.Struct, entry.Name, size, 0)
                {
                    Members = [.. entry.Parts.Select(part => new BtfMember(part.Name, TypeOf(part), Offset(part), (int)part[Attribute.BitSize]))],
                },
                Tag.Enumeration => new(id, size == 8 ? BtfKind.Enum64 : BtfKind.Enum, entry.Name, size, 0)
                {
                    Values = [.. entry.Parts.Select(part => (part.Name, part[Attribute.ConstValue]))],
                    IsSigned = entry.Parts.Exists(part => part[Attribute.ConstValue] < 0),
                },
                Tag.Array => Rows(id, TypeOf(entry), entry.Parts),
                Tag.Pointer => new(id, BtfKind.Pointer, "", 0, TypeOf(entry)),
                Tag.Typedef => Plain(BtfKind.Typedef),
                Tag.Const => Plain(BtfKind.Const),
                Tag.Volatile => Plain(BtfKind.Volatile),
                Tag.Restrict => Plain(BtfKind.Restrict),
                _ => new(id, BtfKind.Forward, entry.Name, 0, 0), // a function's, which only pointers lead to
            });
        }
        types.AddRange(rows);
        return types;

        // char text[2][16] is an array of arrays.
        BtfType Rows(int id, int element, List<Entry> dimensions)
        {
            for (int i = dimensions.Count - 1; i > 0; i--)
            {
                rows.Add(new BtfType(next, BtfKind.Array, "", 0, element) { Length = Length(dimensions[i]) });
                element = next++;
            }
            return new BtfType(id, BtfKind.Array, "", 0, element) { Length = dimensions.Count > 0 ? Length(dimensions[0]) : 0 };
        }
    }

    private static int Length(Entry dimension) => checked((int)(dimension.Values.TryGetValue(Attribute.Count, out long count) ? count
        : dimension.Values.TryGetValue(Attribute.UpperBound, out long last) ? last + 1 : 0));

    // Up to version 4, a bitfield may be counted from the highest bit of what it is stored in.
    private static int Offset(Entry member) => checked((int)(member.Values.TryGetValue(Attribute.DataBitOffset, out long bits) ? bits
        : 8 * member[Attribute.MemberLocation] + (member.Values.TryGetValue(Attribute.BitOffset, out long high)
            ? 8 * member[Attribute.ByteSize] - high - member[Attribute.BitSize] : 0)));

    private sealed record Abbreviation(Tag Tag, bool HasChildren, (Attribute Attribute, int Form, long Constant)[] Attributes);

    private sealed class Entry(Tag tag)
    {
        public Tag Tag => tag;

        public string Name { get; set; } = "";

        public Dictionary<Attribute, long> Values { get; } = [];

        public List<Entry> Parts { get; } = []; // members, enumerators, dimensions

        public long this[Attribute attribute] => Values.GetValueOrDefault(attribute);
    }
}
