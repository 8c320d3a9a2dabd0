using System.Collections;
using System.Text;

namespace Ebee.Btf;

/// <summary>An array of bytes, or a type of which only its size is known.</summary>
/// <param name="size">Its bytes; 0 for one without a length, which takes what there is.</param>
/// <param name="cName">The C type.</param>
/// <param name="hasTail">It has no length.</param>
internal sealed class BytesCodec(int size, string cName, bool hasTail = false) : BtfCodec(typeof(byte[]), size, cName, $"bytes{size}{hasTail}")
{
    internal override bool HasTail => hasTail;

    protected override object Read(ReadOnlySpan<byte> data) => data.ToArray();

    internal override void Write(object value, Span<byte> target, string field)
    {
        switch (value)
        {
            case string text:
                if (!Encoding.UTF8.TryGetBytes(text, target, out _))
                {
                    throw InvalidValue(field, text, $"it has {Encoding.UTF8.GetByteCount(text)} bytes, and {CName} holds {target.Length}");
                }
                break;
            case IEnumerable items and not IDictionary:
                byte[] bytes = items as byte[] ?? [.. items.Cast<object?>().Select(item => ByteOf(item, field))];
                if (hasTail ? bytes.Length > target.Length : bytes.Length != Size)
                {
                    throw InvalidValue(field, bytes, $"{CName} has {Size} bytes");
                }
                bytes.CopyTo(target);
                break;
            case not string when Size is 1 or 2 or 4 or 8 && Numbers.TryGet(value, out var number) && number >= 0 && number.GetBitLength() <= 8 * Size:
                number.TryWriteBytes(target, out _, isUnsigned: true);
                break;
            default:
                throw WrongType(field, value, $"{Size} bytes, as byte[], text or a number");
        }
    }

    private byte ByteOf(object? item, string field) =>
        Numbers.TryGet(item, out var number) && number >= 0 && number <= byte.MaxValue ? (byte)number
            : throw InvalidValue(field, item, $"{CName} holds numbers of 0 to 255");
}
