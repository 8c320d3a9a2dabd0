using System.Text;

namespace Ebee.Btf;

/// <summary>
/// An array of <c>char</c>: UTF-8 text up to the first NUL, or to its end. One that takes what there is was sent as far as it is
/// filled: it is all of its strings, with NULs between them.
/// </summary>
/// <param name="size">Its bytes; 0 for one without a length, which takes what there is.</param>
/// <param name="hasTail">It has no length.</param>
internal sealed class TextCodec(int size, bool hasTail) : BtfCodec(typeof(string), size, hasTail ? "char[]" : $"char[{size}]", $"text{size}{hasTail}")
{
    internal override bool HasTail => hasTail;

    protected override object Read(ReadOnlySpan<byte> data)
    {
        int end = hasTail || data.Length < Size ? data.LastIndexOfAnyExcept((byte)0) + 1 : data.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? data : data[..end]);
    }

    internal override void Write(object value, Span<byte> target, string field)
    {
        switch (value)
        {
            case byte[] bytes when bytes.Length <= target.Length:
                bytes.CopyTo(target);
                break;
            case string or char:
                string text = $"{value}";
                if (!Encoding.UTF8.TryGetBytes(text, target, out _))
                {
                    throw InvalidValue(field, text, $"it has {Encoding.UTF8.GetByteCount(text)} bytes, and {CName} holds {target.Length}");
                }
                break;
            default:
                throw WrongType(field, value, $"text of up to {target.Length} bytes");
        }
    }
}
