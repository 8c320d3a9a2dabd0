using System.Collections;
using System.Reflection;

namespace Ebee.Btf;

/// <summary>A struct, a union, or the variables of a data section.</summary>
internal sealed class StructCodec : BtfCodec
{
    private readonly Func<byte[], int, EbpfStruct> _create;
    private readonly Dictionary<string, StructField> _byName = new(StringComparer.OrdinalIgnoreCase);

    public StructCodec(Type type, Func<byte[], int, EbpfStruct> create, int size, string cName, string signature, StructField[] fields)
        : base(type, size, cName, signature)
    {
        _create = create;
        Fields = fields;
        HasTail = fields.Any(field => field.Codec.HasTail);
        LeastSize = HasTail ? size : LeastOf(fields, size);
        foreach (StructField field in fields)
        {
            _byName.TryAdd(field.Name, field);
        }
    }

    /// <summary>The fields, in their order.</summary>
    public StructField[] Fields { get; }

    internal override bool HasTail { get; }

    /// <summary>
    /// The fewest bytes of which a value can be made: a record may end within the array that is its last field, as programs send
    /// it that fill no more.
    /// </summary>
    public int LeastSize { get; }

    /// <summary>The value of bytes that are at least <see cref="LeastSize"/>.</summary>
    public object DecodeCut(ReadOnlySpan<byte> data) => Read(data);

    internal override object DecodeAt(byte[] data, int offset)
    {
        CheckLength(data.Length - offset);
        return _create(data, offset);
    }

    protected override object Read(ReadOnlySpan<byte> data)
    {
        byte[] copy = GC.AllocateUninitializedArray<byte>(data.Length);
        data.CopyTo(copy);
        return _create(copy, 0);
    }

    internal override void Write(object value, Span<byte> target, string field)
    {
        switch (value)
        {
            case EbpfStruct same when same.GetType() == ClrType:
                same.Bytes[..Math.Min(Size, same.Bytes.Length)].CopyTo(target);
                break;
            case byte[] bytes when bytes.Length == Size:
                bytes.CopyTo(target);
                break;
            case IDictionary dictionary:
                foreach (DictionaryEntry entry in dictionary)
                {
                    Write($"{entry.Key}", entry.Value, target, field);
                }
                break;
            case string or IEnumerable or IConvertible:
                throw WrongType(field, value, $"a hashtable or an object with the fields {FieldNames}");
            default:
                foreach (PropertyInfo property in value.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0 && p.CanRead))
                {
                    Write(property.Name, property.GetValue(value), target, field);
                }
                break;
        }
    }

    private static int LeastOf(StructField[] fields, int size)
    {
        StructField[] last = [.. fields.Where(field => !field.IsBitfield && field.Offset > 0 && field.Codec is TextCodec or BytesCodec or ArrayCodec
            && fields.All(other => other.Equals(field) || other.BitOffset + (other.IsBitfield ? other.BitSize : 8 * other.Codec.Size) <= field.BitOffset))];
        return last is [var array] ? array.Offset : size;
    }

    private string FieldNames => Fields.Length == 0 ? "(it has none)"
        : string.Join(", ", Fields.Take(40).Select(f => f.Name)) + (Fields.Length > 40 ? ", …" : "");

    private void Write(string name, object? value, Span<byte> target, string path)
    {
        StructField field = Array.Find(Fields, f => f.CName == name) ?? _byName.GetValueOrDefault(name)
            ?? throw new EbpfException(EbpfError.InvalidValue, $"{CName} has no field '{name}'.", $"Its fields are: {FieldNames}.");
        path = path is "The value" or "The key" ? field.Name : $"{path}.{field.Name}";
        if (value is null)
        {
            return;
        }
        if (field.IsBitfield)
        {
            ((NumberCodec)field.Codec).WriteBits(value, target, field.BitOffset, field.BitSize, path);
        }
        else
        {
            Span<byte> bytes = field.Codec.HasTail ? target[field.Offset..] : target.Slice(field.Offset, field.Codec.Size);
            bytes.Clear(); // of a union, another member may have been written there
            field.Codec.Write(value, bytes, path);
        }
    }
}
