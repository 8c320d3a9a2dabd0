using System.Numerics;

namespace Ebee.Btf;

/// <summary>A <c>_Bool</c>: any value but zero is true.</summary>
internal sealed class BooleanCodec(int size, string cName) : NumberCodec(typeof(bool), size, false, cName, $"bool{size}")
{
    protected override string Wanted => "true, false, 1 or 0";

    public override BigInteger? NumberOf(object value) =>
        value is string text && bool.TryParse(text, out bool isTrue) ? (isTrue ? 1 : 0)
            : base.NumberOf(value) is { } number && (number.IsZero || number.IsOne) ? number : null;

    protected override object Read(ReadOnlySpan<byte> data) => data.IndexOfAnyExcept((byte)0) >= 0;
}
