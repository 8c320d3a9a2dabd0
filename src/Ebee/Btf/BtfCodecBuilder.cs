namespace Ebee.Btf;

/// <summary>Makes the codecs of a blob's types. The blob is anyone's: it may refer to itself or lie about sizes.</summary>
internal sealed class BtfCodecBuilder(BtfBlob blob)
{
    private const int LargestType = 1 << 28; // bytes
    private const int DeepestType = 64;      // structs, unions and arrays within each other
    private const int MostMembers = 1 << 16; // of all types that one type has within, with enumerators

    private readonly Dictionary<(int Id, string Name), BtfCodec> _made = [];
    private readonly HashSet<int> _inProgress = [];
    private int _members;

    /// <summary>The codec of a type.</summary>
    public BtfCodec Codec(int id)
    {
        lock (_made)
        {
            _members = 0;
            _inProgress.Clear();
            return Make(id, "", 0);
        }
    }

    /// <param name="id">The type.</param>
    /// <param name="around">What a struct without a name is called: the struct around it and the field.</param>
    /// <param name="depth">How many types are around it.</param>
    private BtfCodec Make(int id, string around, int depth)
    {
        if (depth > DeepestType)
        {
            throw new InvalidDataException($"Type {id} of the BTF is {DeepestType} types deep.");
        }
        if (!_made.TryGetValue((id, around), out BtfCodec? codec) && !_made.TryGetValue((id, ""), out codec))
        {
            codec = MakeNew(id, around, depth, out bool isNamed);
            if (codec.Size is < 0 or > LargestType)
            {
                throw new InvalidDataException($"{codec.CName} has {codec.Size} bytes.");
            }
            _made[(id, isNamed ? "" : around)] = codec;
        }
        return codec;
    }

    private BtfCodec MakeNew(int id, string around, int depth, out bool isNamed)
    {
        BtfType type = blob.Resolve(id);
        (string? outer, string? inner, bool isBigEndian) = Aliases(id);
        isNamed = type.Name.Length != 0 || inner is not null || type.Kind is not (BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Array);
        string name = type.Name.Length != 0 ? type.Name : inner ?? around;
        switch (type.Kind)
        {
            case BtfKind.Int:
                string cName = outer ?? type.Name;
                return type.IsBoolean || type.Name == "_Bool" ? new BooleanCodec(type.Size, cName)
                    : IntegerCodec.IsSize(type.Size) ? new IntegerCodec(type.Size, type.IsSigned, isBigEndian && type.Size <= 8, cName)
                    : new BytesCodec(type.Size, cName);
            case BtfKind.Float:
                return type.Size is 4 or 8 ? new FloatCodec(type.Size, outer ?? type.Name) : new BytesCodec(type.Size, outer ?? type.Name);
            case BtfKind.Pointer:
                return new PointerCodec(outer ?? "void *");
            case BtfKind.Enum or BtfKind.Enum64:
                Count(type.Values.Length);
                return RunTimeTypes.Enum(type, name, type.Name.Length != 0 ? $"enum {type.Name}" : inner ?? "enum");
            case BtfKind.Array:
                return MakeArray(type, around, depth, hasTail: false);
            case BtfKind.Struct or BtfKind.Union:
                return (type.Name, type.Size) switch
                {
                    ("in_addr", AddressCodec.V4) or ("in6_addr", AddressCodec.V6) => new AddressCodec(type.Size, $"struct {type.Name}"),
                    _ => MakeStruct(type, name, depth),
                };
            case BtfKind.DataSection:
                return MakeStruct(type, type.Name, depth);
            case BtfKind.Variable:
                return Make(type.Target, type.Name, depth + 1);
            case BtfKind.Void or BtfKind.Forward:
                return new BytesCodec(0, type.Kind == BtfKind.Void ? "void" : type.Name);
            default:
                throw new InvalidDataException($"Type {id} of the BTF has no values: it is a {type.Kind}.");
        }
    }

    private BtfCodec MakeArray(BtfType type, string around, int depth, bool hasTail)
    {
        BtfType element = blob.Resolve(type.Target);
        if (type.Length < 0)
        {
            throw TooLong(type);
        }
        bool isBytes = element is { Kind: BtfKind.Int, Size: 1, IsBoolean: false } && type.Length <= LargestType;
        if (isBytes && element.Name == "char")
        {
            return new TextCodec(type.Length, hasTail);
        }
        if (isBytes && !element.IsSigned)
        {
            return new BytesCodec(type.Length, $"unsigned char[{(hasTail ? "" : type.Length)}]", hasTail);
        }
        BtfCodec codec = Make(type.Target, around, depth + 1);
        return codec.Size == 0 ? new ArrayCodec(codec, 0, hasTail: false)
            : (long)codec.Size * type.Length <= LargestType ? new ArrayCodec(codec, type.Length, hasTail)
            : throw TooLong(type);
    }

    private static InvalidDataException TooLong(BtfType array) => new($"An array of the BTF has {(uint)array.Length} elements.");

    private StructCodec MakeStruct(BtfType type, string name, int depth)
    {
        if (type.Size is < 0 or > LargestType)
        {
            throw new InvalidDataException($"{type.Kind} {type.Name} of the BTF has {(uint)type.Size} bytes.");
        }
        if (!_inProgress.Add(type.Id))
        {
            throw new InvalidDataException($"{type.Kind} {type.Name} of the BTF has itself within.");
        }
        List<StructField> fields = [];
        if (type.Kind == BtfKind.DataSection)
        {
            AddVariables(type, fields, depth);
        }
        else
        {
            AddMembers(type, type, 0, name, fields, depth);
        }
        _inProgress.Remove(type.Id);
        string cName = type.Kind == BtfKind.DataSection ? type.Name
            : $"{(type.Kind == BtfKind.Union ? "union" : "struct")}{(name.Length == 0 ? "" : " ")}{name}";
        return RunTimeTypes.Struct(name.Length == 0 ? "anonymous" : name, cName, type.Size, fields);
    }

    private void AddVariables(BtfType section, List<StructField> fields, int depth)
    {
        Count(section.Variables.Length);
        foreach ((int variable, int offset, _) in section.Variables)
        {
            BtfCodec codec = Make(variable, "", depth + 1);
            string name = blob.Resolve(variable).Name;
            if (offset < 0 || offset > section.Size)
            {
                throw Outside(section, name);
            }
            AddField(section, new StructField("", name, 8 * offset, 0, codec), fields);
        }
    }

    private void AddMembers(BtfType type, BtfType outermost, int baseBits, string name, List<StructField> fields, int depth)
    {
        Count(type.Members.Length);
        if (depth > DeepestType)
        {
            throw new InvalidDataException($"{type.Kind} {outermost.Name} of the BTF is {DeepestType} types deep.");
        }
        for (int i = 0; i < type.Members.Length; i++)
        {
            BtfMember member = type.Members[i];
            long bitOffset = (long)baseBits + member.BitOffset;
            if (member.BitOffset < 0 || bitOffset > 8L * outermost.Size || bitOffset > int.MaxValue - 64)
            {
                throw Outside(outermost, member.Name);
            }
            BtfType target = blob.Resolve(member.Type);
            bool isLast = i == type.Members.Length - 1 && type.Kind == BtfKind.Struct && baseBits == 0;
            if (member.Name.Length == 0)
            {
                if (target.Kind is BtfKind.Struct or BtfKind.Union && member.BitSize == 0)
                {
                    AddMembers(target, outermost, (int)bitOffset, name, fields, depth + 1);
                }
                continue; // else it is padding
            }
            AddField(outermost, Field(member, target, (int)bitOffset, isLast, name, depth), fields);
        }
    }

    private StructField Field(BtfMember member, BtfType target, int bitOffset, bool isLast, string name, int depth)
    {
        BtfCodec codec = isLast && target is { Kind: BtfKind.Array, Length: 0 }
            ? MakeArray(target, $"{name}_{member.Name}", depth + 1, hasTail: true)
            : Make(member.Type, $"{name}_{member.Name}", depth + 1);
        int bits = member.BitSize;
        if (bits == 0 && target is { Kind: BtfKind.Int, Bits: > 0 } && target.Bits < 8 * target.Size)
        {
            bits = target.Bits;
        }
        if (bits == 0 && bitOffset % 8 != 0 && codec is NumberCodec && codec.Size <= 8)
        {
            bits = 8 * codec.Size;
        }
        if (codec is IntegerCodec { IsBigEndian: true } bigEndian)
        {
            codec = bits != 0 ? new IntegerCodec(codec.Size, bigEndian.IsSigned, false, codec.CName)
                : codec.Size == AddressCodec.V4 && AddressCodec.IsAddressName(member.Name) ? new AddressCodec(AddressCodec.V4, codec.CName)
                : codec;
        }
        return bits == 0 && bitOffset % 8 == 0 || codec is NumberCodec && bits is > 0 and <= 64
            ? new StructField("", member.Name, bitOffset, bits, codec)
            : throw new InvalidDataException($"The field {member.Name} of the BTF has {bits} bits, from bit {bitOffset} on.");
    }

    private static void AddField(BtfType owner, StructField field, List<StructField> fields)
    {
        if (field.BitOffset + (field.IsBitfield ? field.BitSize : 8L * field.Codec.Size) > 8L * owner.Size)
        {
            throw Outside(owner, field.CName);
        }
        fields.Add(field);
    }

    private void Count(int members)
    {
        _members += members;
        if (_members > MostMembers)
        {
            throw new InvalidDataException($"A type of the BTF has more than {MostMembers} members, with those of the types within.");
        }
    }

    private static InvalidDataException Outside(BtfType type, string member) =>
        new($"The member {member} of {type.Kind} {type.Name} of the BTF is outside of its {type.Size} bytes.");

    // The names that a type goes by: the first on the way, the last, and whether one says network order.
    private (string? Outer, string? Inner, bool IsBigEndian) Aliases(int id)
    {
        string? outer = null, inner = null;
        bool isBigEndian = false;
        for (BtfType type = blob.Types[id]; type.Kind is BtfKind.Typedef or BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict or BtfKind.TypeTag; type = blob.Types[type.Target])
        {
            if (type.Kind == BtfKind.Typedef)
            {
                outer ??= type.Name;
                inner = type.Name;
                isBigEndian |= type.Name is "__be16" or "__be32" or "__be64";
            }
        }
        return (outer, inner, isBigEndian);
    }
}
