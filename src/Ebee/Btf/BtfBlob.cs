using System.Buffers.Binary;
using System.Text;

namespace Ebee.Btf;

/// <summary>
/// The types of one BTF blob (Documentation/bpf/btf.rst), as a compiled object's <c>.BTF</c> section or libbpf
/// holds it. Little-endian only. A malformed blob is an <see cref="InvalidDataException"/>.
/// </summary>
internal sealed class BtfBlob
{
    private const int LongestName = 4096; // bytes; the kernel takes up to 511

    private readonly List<BtfType> _types = [new(0, BtfKind.Void, "void", 0, 0)];

    private BtfBlob()
    {
    }

    /// <summary>All types, by number; number 0 is void.</summary>
    public IReadOnlyList<BtfType> Types => _types;

    /// <summary>Reads a blob.</summary>
    public static BtfBlob Parse(ReadOnlySpan<byte> data)
    {
        try
        {
            return ParseCore(data);
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("The BTF points outside of itself.", e);
        }
    }

    /// <summary>Of types that were made, by number; number 0 is void.</summary>
    public static BtfBlob Of(IReadOnlyList<BtfType> types)
    {
        BtfBlob blob = new();
        blob._types.AddRange(types.Skip(1));
        return blob;
    }

    /// <summary>The first type of that kind and name; null when there is none.</summary>
    public BtfType? Find(BtfKind kind, string name)
    {
        foreach (BtfType type in _types)
        {
            if (type.Kind == kind && type.Name == name)
            {
                return type;
            }
        }
        return null;
    }

    /// <summary>The type behind typedefs and qualifiers.</summary>
    public BtfType Resolve(int id)
    {
        for (int hops = 0; hops < 64; hops++)
        {
            BtfType type = id >= 0 && id < _types.Count
                ? _types[id]
                : throw new InvalidDataException($"The BTF has no type {id}.");
            if (type.Kind is not (BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag))
            {
                return type;
            }
            id = type.Target;
        }
        throw new InvalidDataException($"Type {id} of the BTF refers to itself.");
    }

    /// <summary>Makes sure that all types that its types refer to are there, so that they can be taken by number.</summary>
    /// <exception cref="InvalidDataException">One is not, or a typedef ends nowhere.</exception>
    public BtfBlob CheckReferences()
    {
        foreach (BtfType type in _types)
        {
            Resolve(type.Id);
            Check(type.Target);
            foreach (BtfMember member in type.Members)
            {
                Check(member.Type);
            }
            foreach ((int variable, _, _) in type.Variables)
            {
                Check(variable);
            }
        }
        return this;

        void Check(int id)
        {
            if (id < 0 || id >= _types.Count)
            {
                throw new InvalidDataException($"The BTF has no type {(uint)id}.");
            }
        }
    }

    private static BtfBlob ParseCore(ReadOnlySpan<byte> data)
    {
        if (data.Length < 24 || BinaryPrimitives.ReadUInt16LittleEndian(data) != 0xEB9F)
        {
            throw new InvalidDataException("This is no little-endian BTF.");
        }
        int header = Int(data, 4);
        ReadOnlySpan<byte> types = data.Slice(checked(header + Int(data, 8)), Int(data, 12));
        ReadOnlySpan<byte> strings = data.Slice(checked(header + Int(data, 16)), Int(data, 20));
        BtfBlob blob = new();
        while (types.Length > 0)
        {
            int id = blob._types.Count;
            uint info = (uint)Int(types, 4);
            BtfKind kind = (BtfKind)((info >> 24) & 0x1f);
            int count = (int)(info & 0xffff);
            bool flag = info >> 31 != 0;
            int sizeOrTarget = Int(types, 8);
            bool hasSize = kind is BtfKind.Int or BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64
                or BtfKind.DataSection or BtfKind.Float;
            BtfType type = new(id, kind, Text(strings, Int(types, 0)), hasSize ? sizeOrTarget : 0, hasSize ? 0 : sizeOrTarget);
            ReadOnlySpan<byte> rest = types[12..];
            int used = 0;
            switch (kind)
            {
                case BtfKind.Int:
                    int integer = Int(rest, 0); // the encoding from bit 24 on, where it starts from 16 on, and its bits
                    type = type with { IsSigned = (integer >> 24 & 1) != 0, IsBoolean = (integer >> 24 & 4) != 0, Bits = integer & 0xff };
                    used = 4;
                    break;
                case BtfKind.Array:
                    type = type with { Target = Int(rest, 0), Length = Int(rest, 8) };
                    used = 12;
                    break;
                case BtfKind.Struct or BtfKind.Union:
                    BtfMember[] members = new BtfMember[count];
                    for (int i = 0; i < count; i++)
                    {
                        uint offset = (uint)Int(rest, 12 * i + 8);
                        members[i] = new BtfMember(Text(strings, Int(rest, 12 * i)), Int(rest, 12 * i + 4),
                            (int)(flag ? offset & 0xffffff : offset), flag ? (int)(offset >> 24) : 0);
                    }
                    type = type with { Members = members };
                    used = 12 * count;
                    break;
                case BtfKind.Enum:
                    var values = new (string, long)[count];
                    for (int i = 0; i < count; i++)
                    {
                        int value = Int(rest, 8 * i + 4);
                        values[i] = (Text(strings, Int(rest, 8 * i)), flag ? value : (uint)value);
                    }
                    type = type with { Values = values, IsSigned = flag };
                    used = 8 * count;
                    break;
                case BtfKind.Enum64:
                    var wide = new (string, long)[count];
                    for (int i = 0; i < count; i++)
                    {
                        wide[i] = (Text(strings, Int(rest, 12 * i)), (uint)Int(rest, 12 * i + 4) | (long)Int(rest, 12 * i + 8) << 32);
                    }
                    type = type with { Values = wide, IsSigned = flag };
                    used = 12 * count;
                    break;
                case BtfKind.FunctionPrototype:
                    used = 8 * count;
                    break;
                case BtfKind.Variable or BtfKind.DeclarationTag:
                    used = 4;
                    break;
                case BtfKind.DataSection:
                    var variables = new (int, int, int)[count];
                    for (int i = 0; i < count; i++)
                    {
                        variables[i] = (Int(rest, 12 * i), Int(rest, 12 * i + 4), Int(rest, 12 * i + 8));
                    }
                    type = type with { Variables = variables };
                    used = 12 * count;
                    break;
                case > BtfKind.Enum64:
                    throw new InvalidDataException($"The BTF has a type of the unknown kind {(int)kind}.");
            }
            blob._types.Add(type);
            types = rest[used..];
        }
        return blob;
    }

    private static int Int(ReadOnlySpan<byte> data, int offset) => BinaryPrimitives.ReadInt32LittleEndian(data[offset..]);

    private static string Text(ReadOnlySpan<byte> strings, int offset)
    {
        ReadOnlySpan<byte> text = strings[offset..];
        int end = text.IndexOf((byte)0);
        end = end < 0 ? text.Length : end;
        return end <= LongestName ? Encoding.UTF8.GetString(text[..end])
            : throw new InvalidDataException($"The BTF has a name of {end} bytes; Ebee reads up to {LongestName}.");
    }
}
