using System.Globalization;
using System.Runtime.InteropServices;

namespace Ebee.Btf;

/// <summary>A <c>float</c> or <c>double</c>.</summary>
internal sealed class FloatCodec(int size, string cName) : BtfCodec(size == 4 ? typeof(float) : typeof(double), size, cName, $"f{size}")
{
    protected override object Read(ReadOnlySpan<byte> data) => Size == 4 ? (object)MemoryMarshal.Read<float>(data) : MemoryMarshal.Read<double>(data);

    internal override void Write(object value, Span<byte> target, string field)
    {
        double number = value switch
        {
            float or double or decimal => Convert.ToDouble(value),
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double parsed) => parsed,
            _ => Numbers.TryGet(value, out var whole) ? (double)whole : throw WrongType(field, value, "a number"),
        };
        if (Size == 4)
        {
            float narrow = (float)number;
            if (float.IsInfinity(narrow) && !double.IsInfinity(number))
            {
                throw InvalidValue(field, value, $"{CName} holds {float.MinValue} to {float.MaxValue}");
            }
            MemoryMarshal.Write(target, narrow);
        }
        else
        {
            MemoryMarshal.Write(target, number);
        }
    }
}
