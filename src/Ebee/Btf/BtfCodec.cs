using System.Collections;
using System.Runtime.CompilerServices;

namespace Ebee.Btf;

/// <summary>
/// Makes .NET values of the bytes of a C type, and back. Structs and unions become classes that are made at run time
/// (<see cref="EbpfStruct"/>), enums real enums.
/// </summary>
internal abstract class BtfCodec(Type clrType, int size, string cName, string signature)
{
    private static readonly ConditionalWeakTable<BtfBlob, BtfCodecBuilder> Builders = [];

    /// <summary>What <see cref="Decode"/> gives.</summary>
    public Type ClrType { get; } = clrType;

    /// <summary>Bytes of the C type.</summary>
    public int Size { get; } = size;

    /// <summary>The C type as it is written in C.</summary>
    public string CName { get; } = cName;

    /// <summary>Equal for types that are laid out and named alike, whatever blob they are of.</summary>
    internal string Signature { get; } = signature;

    /// <summary>Whether bytes behind <see cref="Size"/> belong to the value, in an array without a length.</summary>
    internal virtual bool HasTail => false;

    /// <summary>The codec of a type, made once for each.</summary>
    /// <exception cref="InvalidDataException">The type has no value, refers to itself, or is laid out as no compiler does it.</exception>
    public static BtfCodec For(BtfBlob blob, int typeId) => Builders.GetValue(blob, static b => new BtfCodecBuilder(b)).Codec(typeId);

    /// <summary>The codec of bytes that no BTF describes: <c>byte[]</c>.</summary>
    public static BtfCodec Raw(int size) => new BytesCodec(size, $"unsigned char[{size}]");

    /// <summary>The value of these bytes, which are copied where it needs them.</summary>
    /// <exception cref="InvalidDataException">They are fewer than <see cref="Size"/>.</exception>
    public object Decode(ReadOnlySpan<byte> data)
    {
        CheckLength(data.Length);
        return Read(HasTail ? data : data[..Size]);
    }

    /// <summary>The value at an offset of bytes that the value may keep, and that nobody changes any more.</summary>
    internal virtual object DecodeAt(byte[] data, int offset) => Read(HasTail || IsCut(data, offset) ? data.AsSpan(offset) : data.AsSpan(offset, Size));

    /// <summary>Whether the bytes end before the value does, as those of the last array of a record may.</summary>
    private protected bool IsCut(byte[] data, int offset) => data.Length - offset < Size;

    /// <summary>Writes a value.</summary>
    /// <param name="value">
    /// A number of any type, a string with one, an enumerator's name, text, bytes, an array, a dictionary or an object with
    /// the fields of a struct; what <see cref="Decode"/> gave does, unless it is text that was no UTF-8 and has become longer.
    /// </param>
    /// <param name="target">At least <see cref="Size"/> bytes; what the value leaves open of them becomes zero.</param>
    /// <exception cref="EbpfException">It does not fit: <see cref="EbpfError.InvalidValue"/>.</exception>
    public void Encode(object? value, Span<byte> target) => Encode(value, target, "The value");

    /// <summary>Writes a value that errors are to call so, such as <c>The key</c>.</summary>
    internal void Encode(object? value, Span<byte> target, string name)
    {
        target[..Size].Clear();
        Write(value ?? throw InvalidValue(name, null, $"a value for {CName} is missing"), target[..Size], name);
    }

    /// <summary>The value of bytes that are enough.</summary>
    protected abstract object Read(ReadOnlySpan<byte> data);

    /// <summary>Writes a value to bytes that are zero.</summary>
    /// <param name="value">The value; null is zero.</param>
    /// <param name="target">As many bytes as the type has.</param>
    /// <param name="field">Where in the value it is, for errors.</param>
    internal abstract void Write(object value, Span<byte> target, string field);

    private protected void CheckLength(int length)
    {
        if (length < Size)
        {
            throw new InvalidDataException($"{CName} has {Size} bytes; {length} were given.");
        }
    }

    private protected EbpfException WrongType(string field, object value, string wanted) =>
        InvalidValue(field, value, $"{CName} takes {wanted}");

    private protected static EbpfException InvalidValue(string field, object? value, string why)
    {
        string text = value switch { null => "null", string s => $"'{s}'", byte[] b => $"{b.Length} bytes", Array a => $"{a.Length} values", IDictionary => "a hashtable", _ => $"{value}" };
        text = text.Length > 80 ? text[..80] + "…" : text;
        return new EbpfException(EbpfError.InvalidValue, $"{field} cannot be {text}: {why}.", "Give a value of that type; a struct as a hashtable: @{ field = 1 }.");
    }
}
