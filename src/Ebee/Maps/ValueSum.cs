using System.Collections;
using System.Numerics;
using Ebee.Btf;

namespace Ebee.Maps;

/// <summary>Adds up what the CPUs have each for itself.</summary>
internal static class ValueSum
{
    /// <summary>
    /// The sum: of an integer as one of 64 bits, or of more where these are too few; of a struct one with the sums of its
    /// numbers and, of what is no number, the first CPU's.
    /// </summary>
    /// <exception cref="EbpfException">A sum does not fit its field.</exception>
    public static object Of(BtfCodec codec, object[] values)
    {
        object sum = Add(codec, values);
        if (sum is BigInteger whole)
        {
            bool isUnsigned = codec is NumberCodec { IsSigned: false };
            return isUnsigned && whole <= ulong.MaxValue ? (object)(ulong)whole
                : !isUnsigned && whole >= long.MinValue && whole <= long.MaxValue ? (long)whole
                : sum;
        }
        if (codec is not (StructCodec or ArrayCodec))
        {
            return sum;
        }
        byte[] data = new byte[codec.Size];
        codec.Encode(sum, data);
        return codec.Decode(data);
    }

    private static object Add(BtfCodec codec, object[] values)
    {
        switch (codec)
        {
            case IntegerCodec:
                return values.Aggregate(BigInteger.Zero, (sum, value) => sum + (Numbers.TryGet(value, out BigInteger number) ? number : 0));
            case FloatCodec:
                return values.Sum(Convert.ToDouble);
            case ArrayCodec { Element: var element }:
                IList[] lists = Array.ConvertAll(values, value => (IList)value);
                return Enumerable.Range(0, lists[0].Count).Select(i => Add(element, Array.ConvertAll(lists, list => list[i]!))).ToArray();
            case StructCodec { Fields: var fields }:
                Dictionary<string, object> sums = new(StringComparer.Ordinal);
                long end = 0; // of a union, the first member alone is added up
                for (int i = 0; i < fields.Length; i++)
                {
                    long next = fields[i].BitOffset + (fields[i].IsBitfield ? fields[i].BitSize : 8L * fields[i].Codec.Size);
                    if (fields[i].BitOffset >= end && next > fields[i].BitOffset)
                    {
                        sums[fields[i].Name] = Add(fields[i].Codec, Array.ConvertAll(values, value => ((EbpfStruct)value).ValueOf(i)));
                        end = next;
                    }
                }
                return sums;
            default:
                return values[0];
        }
    }
}
