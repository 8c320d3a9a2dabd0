using System.Collections;
using System.Runtime.InteropServices;

namespace Ebee.Btf;

/// <summary>An array; one of more dimensions is an array of arrays.</summary>
/// <param name="element">The codec of its elements.</param>
/// <param name="length">How many it has; 0 for one without a length, which takes what there is.</param>
/// <param name="hasTail">It has no length.</param>
internal sealed class ArrayCodec(BtfCodec element, int length, bool hasTail)
    : BtfCodec(element.ClrType.MakeArrayType(), element.Size * length, $"{element.CName}[{(hasTail ? "" : length)}]", $"[{length}{hasTail}]{element.Signature}")
{
    /// <summary>The codec of its elements.</summary>
    public BtfCodec Element => element;

    // Its bytes are as .NET has them.
    private readonly bool _isPlain = element is IntegerCodec { IsBigEndian: false, Size: <= 8 } or FloatCodec or EnumCodec { Size: sizeof(long) };

    internal override bool HasTail => hasTail;

    internal override object DecodeAt(byte[] data, int offset)
    {
        int count = hasTail || IsCut(data, offset) ? (data.Length - offset) / Math.Max(1, element.Size) : length;
        Array array = Array.CreateInstance(element.ClrType, count);
        if (_isPlain)
        {
            data.AsSpan(offset, count * element.Size).CopyTo(MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), count * element.Size));
            return array;
        }
        for (int i = 0; i < count; i++)
        {
            array.SetValue(element.DecodeAt(data, offset + i * element.Size), i);
        }
        return array;
    }

    protected override object Read(ReadOnlySpan<byte> data) => DecodeAt(data.ToArray(), 0);

    internal override void Write(object value, Span<byte> target, string field)
    {
        object?[] items = value is IEnumerable and not (string or IDictionary) ? [.. ((IEnumerable)value).Cast<object?>()]
            : length == 1 ? [value]
            : throw WrongType(field, value, $"{length} values");
        if (hasTail ? items.Length > target.Length / element.Size : items.Length != length)
        {
            throw InvalidValue(field, items, $"{CName} has {(hasTail ? $"room for {target.Length / element.Size}" : length)} values");
        }
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i] is { } item)
            {
                element.Write(item, target.Slice(i * element.Size, element.Size), $"{field}[{i}]");
            }
        }
    }
}
